import { TelegramMailing as Mailing } from "../../../src/index.ts";
import type { AccountApi, Caller, Post } from "../../../src/telegram-account/contract.ts";
import type { TelegramAccountEnv } from "../../../src/telegram-account/env.ts";
import { TelegramAccount as Account } from "../../../src/telegram-account/index.ts";
import { meterStorage, readMeter, resetMeter } from "../../hub/worker/meter.ts";
import metered from "../../units/worker/index.ts";
import { during } from "../../units/worker/meter.ts";
import { meteredEnv } from "../../units/worker/metered-env.ts";
import {
  CALLS_PATH,
  type Calls,
  FILL_PATH,
  type Filling,
  IMAGINED,
  type ObjectRows,
  POSTS_PATH,
  ROWS_PATH,
  RUNS_PATH,
  type RunTimes,
} from "../contract.ts";

export { ChatRoom, CompanyHub, RateWindow } from "../../units/worker/index.ts";

interface BenchEnv extends Env {
  TELEGRAM_MAILING: DurableObjectNamespace<TelegramMailing>;
  TELEGRAM_ACCOUNT: DurableObjectNamespace<AccountApi>;
}

const HOUR_MS = 3_600_000;

/** What imagined accounts have posted, by account and group. */
const posts = new Map<string, number>();

/** Alarms that were set since the last reset. */
let alarmsSet = 0;

/** Counts the rows of an object's storage, and the alarms among them. */
function meterObject(storage: DurableObjectStorage): void {
  meterStorage(storage);
  const setAlarm = storage.setAlarm.bind(storage);
  const value: typeof setAlarm = (...args) => {
    alarmsSet++;
    return setAlarm(...args);
  };
  Object.defineProperty(storage, "setAlarm", { value });
}

/** A mailing whose rows are counted. */
export class TelegramMailing extends Mailing {
  constructor(state: DurableObjectState, env: Env) {
    meterObject(state.storage);
    super(state, meteredEnv(env));
  }

  override alarm(): Promise<void> {
    return during(() => super.alarm());
  }

  /** Makes a running mailing of an imagined account. Its two runs are an hour apart. */
  async fill(phone: number, groups: number, dueAt: number): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO accounts (phone, state, added_at) VALUES (?, 'active', 0)", phone);
    for (let group = 1; group <= groups; group++) {
      sql.exec("INSERT INTO groups (id, peer, title) VALUES (?, ?, 'Group')", group, -group);
      sql.exec("INSERT INTO memberships (group_id, phone) VALUES (?, ?)", group, phone);
    }
    sql.exec(
      `UPDATE mailing SET text = 'Yuk bor', frequency = 3600, duration = 7200, is_active = 1, started_at = ?1,
         first_run_at = ?1, ends_at = ?2, max_steps = 2, max_runs = ?3`,
      ...[dueAt, dueAt + 2 * HOUR_MS, 2 * groups],
    );
    await this.wake();
  }

  async times(): Promise<RunTimes[]> {
    return this.ctx.storage.sql
      .exec<RunTimes>(
        `SELECT number, planned_at, began_at, runs.ended_at, count(state) FILTER (WHERE state = 'sent') AS sent,
           count(state) FILTER (WHERE state <> 'sent') AS others
         FROM runs LEFT JOIN deliveries ON run_id = id GROUP BY id ORDER BY id`,
      )
      .toArray();
  }
}

/** An account whose rows are counted; one with an imagined phone posts without Telegram. */
export class TelegramAccount extends Account {
  constructor(state: DurableObjectState, env: TelegramAccountEnv) {
    meterObject(state.storage);
    super(state, env);
  }

  override async send(caller: Caller, post: Post): ReturnType<Account["send"]> {
    const phone = this.ctx.id.name ?? "";
    if (!phone.startsWith(IMAGINED)) return super.send(caller, post);
    const key = `${phone} ${post.peer}`;
    posts.set(key, (posts.get(key) ?? 0) + 1);
    return { ok: true, messageId: 1 };
  }
}

/** The metered Worker, with what the bench asks of mailings and accounts. */
export default {
  async fetch(request, env, execution) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case ROWS_PATH:
        if (request.method === "DELETE") {
          resetMeter(true);
          alarmsSet = 0;
        }
        return Response.json({ ...readMeter().rows, alarmsSet } satisfies ObjectRows);
      case FILL_PATH: {
        const { users, groups, dueAt }: Filling = await request.json();
        const phoneOf = (user: number) => Number(`${IMAGINED}${user}`);
        const mailing = (user: number) => env.TELEGRAM_MAILING.getByName(String(user));
        await Promise.all(users.map((user) => mailing(user).fill(phoneOf(user), groups, dueAt)));
        // An account that posts has been signed in before, so it has its tables.
        const account = (user: number) => env.TELEGRAM_ACCOUNT.getByName(String(phoneOf(user)));
        await Promise.all(users.map((user) => account(user).ready({ user, isStandInOnly: true })));
        return Response.json({});
      }
      case RUNS_PATH: {
        const user = url.searchParams.get("user") ?? "";
        return Response.json(await env.TELEGRAM_MAILING.getByName(user).times());
      }
      case POSTS_PATH: {
        const counts = [...posts.values()];
        return Response.json({ total: counts.reduce((sum, n) => sum + n, 0), most: Math.max(0, ...counts) });
      }
      case CALLS_PATH: {
        const { accounts }: Calls = await request.json();
        const ask = async ({ user, phone }: Calls["accounts"][number]) =>
          (await env.TELEGRAM_ACCOUNT.getByName(phone).groups({ user, isStandInOnly: true })).ok;
        return Response.json(await Promise.all(accounts.map(ask)));
      }
      default:
        return metered.fetch(request, env, execution);
    }
  },
  queue: metered.queue,
} satisfies ExportedHandler<BenchEnv>;
