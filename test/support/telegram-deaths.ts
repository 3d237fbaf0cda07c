import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { TelegramMailing as Mailing } from "../../src/telegram/scheduler/mailing.ts";
import { TelegramMailing } from "../../src/telegram/scheduler/mailing.ts";
import { faultyD1 } from "../chaos/faults.ts";
import type { Mailer } from "./telegram-mailing.ts";

/** When a step is the last one of an object: before its effect, or after it. Null to go on. */
export type Strike = (step: string) => "before" | "after" | null;

class Death extends Error {}

/** What of an object can be the last thing that it does. */
interface Body {
  storage: DurableObjectStorage;
  strike: Strike;
  isDead: boolean;
}

/** Does a step, unless the object is dead. */
function take<T>(body: Body, step: string, run: () => T): T {
  if (body.isDead) throw new Death(`dead before ${step}`);
  const moment = body.strike(step);
  if (moment === null) return run();
  if (moment === "before") body.isDead = true;
  const result = moment === "after" ? run() : undefined;
  if (moment === "before") throw new Death(`dies before ${step}`);
  const die = (): never => {
    body.isDead = true;
    throw new Death(`dies after ${step}`);
  };
  // A step that waits is over when its answer would come.
  return result instanceof Promise ? (result.then(die, die) as T) : die();
}

/** Makes each access to the storage a step, until it is undone. Race: one object at a time uses this storage. */
function watch(body: Body): () => void {
  const { storage } = body;
  const { sql } = storage;
  let depth = 0;
  const undo: (() => void)[] = [];
  const patch = <O extends object>(target: O, name: keyof O & string, isSync = false) => {
    const original = target[name] as (...args: unknown[]) => unknown;
    const run = original.bind(target);
    const wrapped = (...args: unknown[]) => {
      const step = `${name} ${String(args[0]).replace(/\s+/g, " ").slice(0, 60)}`;
      if (!isSync) return take(body, step, () => run(...args));
      depth++;
      try {
        return run(...args);
      } finally {
        depth--;
        if (depth === 0 && !body.isDead) take(body, "commit", () => undefined);
      }
    };
    Object.defineProperty(target, name, { value: wrapped, configurable: true, writable: true });
    undo.push(() => Reflect.deleteProperty(target, name));
  };
  patch(sql, "exec");
  patch(storage, "transactionSync", true);
  for (const name of ["getAlarm", "setAlarm", "deleteAlarm"] as const) patch(storage, name);
  return () => {
    for (const each of undo) each();
  };
}

function envOf(body: Body): Env {
  const within =
    (step: string, run: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) =>
      take(body, step, () => run(...args));
  const accounts = {
    getByName: (name: string) => {
      const stub = env.TELEGRAM_ACCOUNT.getByName(name) as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      // An answer is plain data: what crosses the boundary lives no longer than the call.
      const call = (method: string) =>
        within(`account.${method}`, async (...args) => structuredClone(await stub[method]!(...args)));
      return { send: call("send"), state: call("state"), groups: call("groups") };
    },
  };
  const database = faultyD1(
    env.TELEGRAM_DB,
    "D1",
    (step, run) =>
      async (...args) =>
        take(body, step, () => run(...args)),
  );
  return { ...env, TELEGRAM_ACCOUNT: accounts, TELEGRAM_DB: database } as unknown as Env;
}

/**
 * Rings every alarm of an object until a time, and lets the object die where `strike` says. A dead one does nothing more: a
 * new one, which remembers nothing, takes its place at the next alarm.
 * @returns every step, and how often the object died
 */
export function liveAndDie(
  { stub }: Pick<Mailer, "stub">,
  until: number,
  strike: Strike,
): Promise<{ steps: string[]; deaths: number }> {
  return runInDurableObject(stub as unknown as DurableObjectStub<Mailing>, async (_, state) => {
    const steps: string[] = [];
    let deaths = 0;
    let object: TelegramMailing | undefined;
    let body: Body | undefined;
    for (let rings = 0; ; rings++) {
      if (rings > 1000) throw new Error("The alarm rings for ever");
      const at = await state.storage.getAlarm();
      if (at === null || at > until) break;
      vi.setSystemTime(Math.max(at, Date.now()));
      await state.storage.deleteAlarm();
      body ??= {
        storage: state.storage,
        isDead: false,
        strike: (step) => {
          steps.push(step);
          return strike(step);
        },
      };
      const stop = watch(body);
      try {
        object ??= new TelegramMailing(state, envOf(body));
        await object.alarm();
      } catch (error) {
        if (!body.isDead) throw error;
      } finally {
        stop();
      }
      if (body.isDead) {
        deaths++;
        [object, body] = [undefined, undefined];
        // Cloudflare rings again for an alarm that has not ended, at once or a little later.
        vi.setSystemTime(Date.now() + 2000);
        if ((await state.storage.getAlarm()) === null) await state.storage.setAlarm(Date.now());
      }
    }
    vi.setSystemTime(until);
    return { steps, deaths };
  });
}
