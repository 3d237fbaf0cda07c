import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { FoundGroup } from "../../src/telegram-account/contract.ts";
import { unique } from "./client.ts";
import type { TelegramAccount } from "./fake-telegram-account.ts";
import type { TelegramUser } from "./telegram-client.ts";
import { waitFor } from "./wait.ts";

/** A phone that no other test uses. */
export const newPhone = (): number => 998_900_000_000 + (unique() % 1e8);

const accounts = env.TELEGRAM_ACCOUNT as unknown as DurableObjectNamespace<TelegramAccount>;

/** Runs code inside the fake of an account. */
export const inAccount = <T>(phone: number, run: (account: TelegramAccount) => T | Promise<T>): Promise<T> =>
  runInDurableObject(accounts.getByName(String(phone)), run);

const mailingOf = (user: number) => env.TELEGRAM_MAILING.getByName(String(user));

/** Runs a statement in the object of a user. */
export const inMailing = <Row extends Record<string, SqlStorageValue>>(
  user: number,
  query: string,
  ...values: SqlStorageValue[]
): Promise<Row[]> =>
  runInDurableObject(mailingOf(user), (_object, { storage }) =>
    storage.sql.exec<Row>(query, ...values).toArray(),
  );

/** Runs the alarm of a user's object as if it were due. */
export const runAlarm = (user: number): Promise<boolean> => runDurableObjectAlarm(mailingOf(user));

/** Waits until no sync is due or runs. */
export const synced = (user: number): Promise<void> =>
  waitFor(async () => {
    const [mailing] = await inMailing(user, "SELECT sync_due_at FROM mailing");
    expect(mailing).toEqual({ sync_due_at: null });
  });

/** A group as an account finds it. */
export const foundGroup = (changes: Partial<FoundGroup> = {}): FoundGroup => {
  const number = unique();
  return {
    peer: -1_000_000_000_000 - number,
    title: `Group ${number}`,
    username: `group${number}`,
    accessHash: String(number * 7),
    formerPeer: null,
    ...changes,
  };
};

/** Connects an account that finds these groups, and waits until they are listed. */
export async function connect(
  user: TelegramUser,
  found: FoundGroup[] = [],
  phone = newPhone(),
): Promise<number> {
  await inAccount(phone, (account) => {
    account.found = found;
  });
  const success = { status: 200, body: { success: true } };
  expect(await user.call("POST", "/accounts/{id}/send-code/", { phone })).toMatchObject(success);
  const answer = await user.call("POST", "/accounts/{id}/verify-code/", { phone, code: "12345" });
  expect(answer).toMatchObject(success);
  await synced(user.id);
  return phone;
}
