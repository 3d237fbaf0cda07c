import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { NewUser } from "../../../dev/telegram/contract.ts";
import type { TelegramAccount } from "../../../src/telegram-account/account.ts";
import { Connection } from "../../../src/telegram-account/client/connection.ts";
import type { AccountContext } from "../../../src/telegram-account/context.ts";
import type { AccountApi, Caller } from "../../../src/telegram-account/contract.ts";
import type { TelegramAccountEnv } from "../../../src/telegram-account/env.ts";
import { waitFor } from "../../support/wait.ts";
import { standIn } from "./stand-in.ts";

/** The bindings of the script under test. */
export const bindings = env as unknown as TelegramAccountEnv & {
  TELEGRAM_ACCOUNT: DurableObjectNamespace<AccountApi>;
};

/** A phone that no other test has, in digits. */
export const newPhone = (): string =>
  `998${String(crypto.getRandomValues(new Uint32Array(1))[0])
    .padStart(10, "0")
    .slice(-9)}`;

let users = 100_000_000 + Math.floor(Math.random() * 100_000_000);

/** A user of the API whom no other test has. */
export const newCaller = (changes: Partial<Caller> = {}): Caller => ({
  user: ++users,
  isStandInOnly: true,
  ...changes,
});

/** The account of a phone. */
export const accountOf = (phone: string) => bindings.TELEGRAM_ACCOUNT.getByName(phone);

/** Somebody with a phone at Telegram, who is not signed in here. */
export async function newPerson(telegram: Omit<NewUser, "phone"> = {}) {
  const phone = newPhone();
  await standIn.addUsers({ phone, firstName: "Ali", ...telegram });
  return { phone, caller: newCaller(), account: accountOf(phone) };
}

/** Somebody who is signed in here. */
export async function signedIn(telegram: Omit<NewUser, "phone"> = {}) {
  const person = await newPerson(telegram);
  const { account, caller, phone } = person;
  expect(await account.sendCode(caller)).toEqual({ ok: true });
  const verified = await account.verifyCode(caller, await codeOf(phone));
  if (telegram.password === undefined) expect(verified).toMatchObject({ ok: true, state: "signed_in" });
  else
    expect(await account.verifyPassword(caller, telegram.password)).toMatchObject({
      ok: true,
      state: "signed_in",
    });
  return person;
}

/** The login code that Telegram has sent last. */
export async function codeOf(phone: string): Promise<string> {
  const { code } = await standIn.phone(phone);
  if (code === null) throw new Error("No code was sent");
  return code;
}

/** Runs code inside the account's Durable Object. */
export const inside = <T>(
  account: ReturnType<typeof accountOf>,
  work: (storage: DurableObjectStorage, object: TelegramAccount) => T | Promise<T>,
): Promise<T> =>
  runInDurableObject(account as unknown as DurableObjectStub<TelegramAccount>, (object, { storage }) =>
    work(storage, object),
  );

/** Kills the object: it begins again from its storage. */
export async function kill(phone: string): Promise<void> {
  const stub = () => accountOf(phone) as unknown as DurableObjectStub<TelegramAccount>;
  const before = crypto.randomUUID();
  await runInDurableObject(stub(), (object, state) => {
    Reflect.set(object, "mark", before);
    // After this call, which the death would break as well.
    setTimeout(() => state.abort("killed by a test"), 1);
  });
  await waitFor(() =>
    runInDurableObject(stub(), (object) => expect(Reflect.get(object, "mark")).not.toBe(before)),
  );
}

/** What code of an account works with, which nothing else uses. It has no connection. */
export const contextOf = (storage: DurableObjectStorage, phone: string): AccountContext => ({
  storage,
  sql: storage.sql,
  env: bindings,
  phone,
  call: () => Promise.reject(new Error("No connection")),
  disconnect: async () => {},
  wake: async () => {},
});

/** Lets the waits of sendCode pass. */
export const forgetCodes = (account: ReturnType<typeof accountOf>) =>
  inside(account, ({ sql }) => {
    sql.exec("UPDATE account SET codes = '[]'");
  });

/** Talks to Telegram for a signed-in account that nothing else uses now, over a connection of its own. */
export async function withConnection<T>(
  phone: string,
  work: (call: AccountContext["call"], connection: Connection, storage: DurableObjectStorage) => Promise<T>,
  env: Partial<TelegramAccountEnv> = {},
): Promise<T> {
  await kill(phone);
  return inside(accountOf(phone), async (storage) => {
    const connection = new Connection({ sql: storage.sql, env: { ...bindings, ...env }, phone });
    try {
      return await work((method, options) => connection.call(method, options), connection, storage);
    } finally {
      await connection.close();
    }
  });
}
