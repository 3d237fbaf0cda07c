import { DurableObject } from "cloudflare:workers";
import m0000 from "../../migrations/telegram-account/0000_tables.sql";
import { logged } from "../platform/log.ts";
import { migrate } from "../platform/migrate.ts";
import { Connection } from "./client/connection.ts";
import type { AccountContext } from "./context.ts";
import type { AccountApi, Caller, Outcome, Post, Refusal } from "./contract.ts";
import type { TelegramAccountEnv } from "./env.ts";
import { Refused, toRefusal } from "./errors.ts";
import { listGroups } from "./groups/list.ts";
import { send } from "./posts/send.ts";
import { dueAt, runDue } from "./schedule.ts";
import { requireSettings } from "./settings.ts";
import { forget } from "./sign-in/forget.ts";
import { sendCode } from "./sign-in/send-code.ts";
import { verifyCode, verifyPassword } from "./sign-in/verify.ts";
import { requireSession, stateOf } from "./state.ts";

/** One Telegram account, named by its phone in digits: its session, its connection to Telegram. */
export class TelegramAccount
  extends DurableObject<TelegramAccountEnv>
  implements Omit<AccountApi, keyof Rpc.DurableObjectBranded>
{
  readonly #account: AccountContext = {
    storage: this.ctx.storage,
    sql: this.ctx.storage.sql,
    env: this.env,
    phone: this.ctx.id.name ?? "",
    call: (method, options) => this.#connection.call(method, options),
    disconnect: () => this.#connection.close(),
    wake: () => this.#wake(),
  };
  readonly #connection = new Connection(this.#account);
  /** The end of the last step of a sign-in. */
  #signIn: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: TelegramAccountEnv) {
    super(ctx, env);
    migrate(ctx.storage, [m0000]);
  }

  sendCode(caller: Caller) {
    return this.#step(caller, () => sendCode(this.#account, caller));
  }

  verifyCode(caller: Caller, code: string) {
    return this.#step(caller, () => verifyCode(this.#account, caller, code));
  }

  verifyPassword(caller: Caller, password: string) {
    return this.#step(caller, () => verifyPassword(this.#account, caller, password));
  }

  async state(caller: Caller) {
    return answer(() => stateOf(this.#account, caller));
  }

  async groups(caller: Caller) {
    return answer(async () => {
      requireSettings(this.env, caller);
      return { groups: await listGroups(this.#signedIn(caller)) };
    });
  }

  async send(caller: Caller, post: Post) {
    return answer(() => {
      requireSettings(this.env, caller);
      return send(this.#signedIn(caller), post);
    });
  }

  forget(caller: Caller) {
    return this.#inTurn(() => answer(() => forget(this.#account, caller)));
  }

  async ready(caller: Caller) {
    return answer(() => {
      requireSettings(this.env, caller);
      return {};
    });
  }

  /** Does what is due. It never fails: Cloudflare gives up an alarm that has failed six times. */
  override alarm(): Promise<void> {
    return logged("alarm", { account: this.ctx.id.toString() }, async () => {
      try {
        await this.#inTurn(() => runDue(this.#account));
      } finally {
        await this.#wake();
      }
    });
  }

  async #wake(): Promise<void> {
    const due = dueAt(this.#account);
    if (due === null) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || due < set) await this.ctx.storage.setAlarm(due);
  }

  /**
   * The account, for work of this user. Once the user is signed out, its calls are refused: they would otherwise be made
   * with the key of the next user of the phone.
   * @throws Refused `not_found`, `signed_out`, as its calls do
   */
  #signedIn(caller: Caller): AccountContext {
    requireSession(this.#account, caller);
    return {
      ...this.#account,
      call: async (method, options) => {
        requireSession(this.#account, caller);
        return this.#account.call(method, options);
      },
    };
  }

  #step<T extends object>(caller: Caller, work: () => Promise<T>) {
    return this.#inTurn(() =>
      answer(() => {
        requireSettings(this.env, caller);
        return work();
      }),
    );
  }

  /** Steps of a sign-in take turns: so each counts what the one before has done. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#signIn.then(work);
    this.#signIn = turn.catch(() => {});
    return turn;
  }
}

/** Turns what was refused into a value: thrown errors lose their fields on the way to the caller. */
async function answer<T extends object>(work: () => T | Promise<T>): Promise<Outcome<T, never>> {
  try {
    return { ok: true, ...(await work()) };
  } catch (error) {
    // A verb throws only codes that contract.ts names for it.
    if (error instanceof Refused) return toRefusal(error) as Refusal<never>;
    throw error;
  }
}
