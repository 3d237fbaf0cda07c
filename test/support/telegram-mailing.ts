import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import type { Delivery, MailingCalls } from "../../src/telegram/scheduler/contract.ts";
import type { TelegramMailing } from "../../src/telegram/scheduler/mailing.ts";
import type { Media, Post } from "../../src/telegram-account/contract.ts";
import { unique } from "./client.ts";
import type { Plan, TelegramAccount } from "./fake-telegram-account.ts";
import { createTelegramUser, type TelegramUser } from "./telegram-client.ts";

/** Far ahead: the platform's own alarms go by another clock, and never fire. */
export const START = Date.UTC(2040, 0, 30, 10);

/** Sets the clock. It stands still until it is set again. */
export const setClock = (at = START): void => void vi.useFakeTimers({ toFake: ["Date"], now: at });

export const MINUTE = 60_000;

/** A post that was made, and by whom. */
export type Made = Post & { phone: number; at: number };

/** A user with accounts, groups and a mailing. */
export interface Mailer extends TelegramUser {
  phones: number[];
  /** The ids of groups, from 1. Their peers are the same, but negative. */
  groups: number[];
  object: Omit<MailingCalls, keyof Rpc.DurableObjectBranded>;
  stub: DurableObjectStub<TelegramMailing>;
}

interface Options {
  /** For each group the accounts that are members, by number. */
  groups?: number[][];
  accounts?: number;
  text?: string;
  media?: Media | null;
  /** In seconds; null for none. */
  frequency?: number | null;
  duration?: number | null;
  user?: Parameters<typeof createTelegramUser>[0];
}

/** 15 groups, of which the account has all. */
const FIFTEEN = Array.from({ length: 15 }, () => [0]);

/** Makes a user whose accounts are signed in and whose groups are known. By default 30 minutes for 8 hours. */
export async function createMailer({
  groups = FIFTEEN,
  accounts = 1,
  text = "Yuk bor Toshkent-Moskva",
  media = null,
  frequency = 1800,
  duration = 28_800,
  user = {},
}: Options = {}): Promise<Mailer> {
  const created = await createTelegramUser(user);
  const stub = env.TELEGRAM_MAILING.getByName(String(created.id));
  const phones = Array.from({ length: accounts }, () => 998_900_000_000 + unique());
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    for (const phone of phones)
      sql.exec("INSERT INTO accounts (phone, state, added_at) VALUES (?, 'active', 0)", phone);
    for (const [nth, members] of groups.entries()) {
      const [id, peer] = [nth + 1, -(nth + 1)];
      sql.exec(
        "INSERT INTO groups (id, peer, title, username) VALUES (?, ?, ?, ?)",
        ...[id, peer, `Group ${id}`, id % 2 ? `group_${id}` : null],
      );
      for (const each of members)
        sql.exec("INSERT INTO memberships VALUES (?, ?, ?)", id, phones[each]!, `${id}0`);
    }
    sql.exec(
      "UPDATE mailing SET text = ?, media = ?, frequency = ?, duration = ?",
      ...[text, media && JSON.stringify(media), frequency, duration],
    );
  });
  for (const phone of phones)
    await inAccount(phone, (account) => {
      account.user = created.id;
      account.known = { state: "signed_in", id: phone, firstName: "Ali" };
    });
  keepAlive(phones);
  const object = stub as unknown as Mailer["object"];
  return { ...created, phones, groups: groups.map((_, nth) => nth + 1), object, stub };
}

/**
 * Keeps the fakes of accounts until the test ends: workerd evicts an object after ten seconds without a call, which a busy
 * machine may need for one, and they only have memory.
 */
function keepAlive(phones: number[]): void {
  let isOver = false;
  onTestFinished(() => {
    isOver = true;
  });
  const wait = async () => {
    while (!isOver) await scheduler.wait(1000);
  };
  for (const phone of phones) void inAccount(phone, wait);
}

/** Looks into the fake of an account. */
export const inAccount = <T>(phone: number, look: (account: TelegramAccount) => T): Promise<T> =>
  runInDurableObject(
    env.TELEGRAM_ACCOUNT.getByName(String(phone)) as unknown as DurableObjectStub,
    (account) => look(account as unknown as TelegramAccount),
  );

/** Lets an account answer something else. */
export const planFor = (phone: number, ...plans: Partial<Plan>[]): Promise<void> =>
  inAccount(phone, (account) => {
    account.plans.push(...plans.map((each) => ({ method: "send" as const, ...each })));
  });

/** All posts that were made, in the order of their times. */
export async function postsOf({ phones }: Pick<Mailer, "phones">): Promise<Made[]> {
  const posts = await Promise.all(
    phones.map((phone) =>
      inAccount(phone, (account) => account.posts.map(({ messageId: _, ...post }) => ({ ...post, phone }))),
    ),
  );
  return posts.flat().sort((a, b) => a.at - b.at);
}

/** Reads rows of the object. */
export const rowsIn = <T extends Record<string, SqlStorageValue>>(
  { stub }: Pick<Mailer, "stub">,
  query: string,
  ...values: SqlStorageValue[]
): Promise<T[]> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec<T>(query, ...values).toArray());

/** When the object's alarm is set to; null without one. */
export const alarmOf = ({ stub }: Pick<Mailer, "stub">): Promise<number | null> =>
  runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

/** Runs the alarm if it is due by now. @returns false if it is not */
export async function ringAlarm(mailer: Pick<Mailer, "stub">): Promise<boolean> {
  const at = await alarmOf(mailer);
  if (at === null || at > Date.now()) return false;
  await runDurableObjectAlarm(mailer.stub);
  return true;
}

/** Lets time pass, with every alarm at its time. */
export async function passUntil(mailer: Pick<Mailer, "stub">, until: number): Promise<void> {
  for (;;) {
    const at = await alarmOf(mailer);
    if (at === null || at > until) break;
    vi.setSystemTime(Math.max(at, Date.now()));
    await runDurableObjectAlarm(mailer.stub);
  }
  vi.setSystemTime(until);
}

/** What became of the groups of the latest run that has begun. */
export async function deliveriesOf({ object }: Pick<Mailer, "object">, id?: number): Promise<Delivery[]> {
  const runs = await object.runs(null, 100);
  const run = id ?? runs.find(({ beganAt }) => beganAt !== null)?.id ?? 0;
  return (await object.run(run))?.deliveries ?? [];
}
