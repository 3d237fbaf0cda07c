import { DurableObject } from "cloudflare:workers";
import { costed, type Table, toTable } from "../platform/d1/object.ts";
import { isRead, type Query } from "../platform/d1/statement.ts";
import { log, logged } from "../platform/log.ts";
import { note } from "../platform/work.ts";
import { createContext, ofCompany } from "./context.ts";
import { runCompanyCron } from "./cron.ts";
import { FanOut } from "./events/fan-out.ts";
import type { HubCalls } from "./events/hub-client.ts";
import type { Presence } from "./events/leases.ts";
import { reportNumbers } from "./metrics.ts";
import { app } from "./routes.ts";
import { CompanyData, type MoveStatus } from "./store/company-data.ts";
import { inside } from "./store/home.ts";

/** How often cron runs for a company with rows of its own, as in wrangler.toml. */
const CRON_MS = 600_000;
/** After a failed step of a move. */
const MOVE_RETRY_MS = 10_000;

/**
 * A company's Durable Object, named by the company's id: the fan-out of its events, and with STORE=objects all its
 * rows, with the code that works on them.
 */
export class CompanyHub extends DurableObject<Env> implements Omit<HubCalls, "fetch"> {
  readonly #company = Number(this.ctx.id.name);
  readonly #data = new CompanyData(this.ctx.storage, this.env.DB, this.#company);
  /** The environment of code that runs in this object. */
  readonly #inside = inside(this.env, {
    company: this.#company,
    run: (queries) => this.#run(queries),
    hub: this,
  });
  readonly #fanOut = new FanOut(this.ctx, this.#company, this.#createContext().db);
  #isCronSet = false;
  /** When to take the next step of a move, in milliseconds since the epoch. */
  #moveAt = 0;

  /**
   * Answers a request of the API beside the company's rows. It checks the token again. With Upgrade: websocket and
   * `?user=` it joins a stream instead: the response's `x-cursor` is an event id, see `FanOut.join`.
   */
  override async fetch(request: Request): Promise<Response> {
    if (!request.headers.has("upgrade")) return app.fetch(request, this.#inside, this.#execution);
    const user = String(new URL(request.url).searchParams.get("user"));
    const { socket, cursor } = await this.#fanOut.join(user);
    return new Response(null, { status: 101, webSocket: socket, headers: { "x-cursor": String(cursor) } });
  }

  /** Sends the new events of the company's log: see `FanOut.notify`. */
  notify(): Promise<void> {
    return this.#fanOut.notify();
  }

  /** Takes or releases a lease. @returns the other users in the thread */
  async announce(presence: Presence): Promise<Presence[]> {
    const others = this.#fanOut.announce(presence);
    await this.#setAlarm();
    return others;
  }

  /** Runs queries on the company's rows in one transaction. @returns the rows of each */
  query(queries: Query[]): Promise<Table[]> {
    return costed(async () => (await this.#run(queries)).map(toTable));
  }

  /** Begins to move the company's rows from D1 into this object. @returns false while another company is being moved */
  async beginMove(): Promise<boolean> {
    const isBegun = await this.#data.beginMove();
    await this.#setAlarm();
    return isBegun;
  }

  moveStatus(): Promise<MoveStatus> {
    return this.#data.status();
  }

  /** Announces users who have left, takes the next steps of a move, and runs cron when it is due. */
  override alarm(): Promise<void> {
    return logged("alarm", { company: this.#company }, async () => {
      this.#fanOut.expireLeases();
      if (this.#data.isMoving) await this.#continueMove();
      const isDue = (this.#nextCron ?? Number.POSITIVE_INFINITY) <= Date.now();
      if (isDue) this.#nextCron = Date.now() + CRON_MS;
      await this.#setAlarm();
      note({ cron: isDue });
      if (isDue) await this.cron();
    });
  }

  /** Runs cron for the company, unless its rows are in D1, whose cron covers them. */
  async cron(): Promise<void> {
    if (!this.#data.isHere) return;
    const ctx = this.#createContext();
    await runCompanyCron(ctx, () => reportNumbers(ctx, this.#company, this.ctx.storage.sql.databaseSize));
  }

  async #run(queries: Query[]): Promise<unknown[][]> {
    const rows = await this.#data.run(queries);
    if (!this.#isCronSet && this.#data.isHere && !queries.every(isRead)) {
      this.#nextCron ??= Date.now() + CRON_MS * (1 + Math.random());
      await this.#setAlarm();
      this.#isCronSet = true;
    }
    return rows;
  }

  async #continueMove(): Promise<void> {
    try {
      await this.#data.continueMove();
      // The cron of D1 no longer covers the company.
      if (this.#data.isHere) this.#nextCron ??= Date.now() + CRON_MS;
    } catch (error) {
      log("error", "move.failed", { company: this.#company, error });
      this.#moveAt = Date.now() + MOVE_RETRY_MS;
    }
  }

  #createContext() {
    return ofCompany(createContext(this.#inside, this.#execution), this.#company);
  }

  get #execution(): ExecutionContext {
    return this.ctx as unknown as ExecutionContext;
  }

  /** Sets the alarm for what is due first. */
  async #setAlarm(): Promise<void> {
    const nextMove = this.#data.isMoving ? Math.max(this.#moveAt, Date.now()) : null;
    const due = [nextMove, this.#fanOut.nextExpiry, this.#nextCron].filter(
      (each) => typeof each === "number",
    );
    const next = Math.min(...due);
    const set = await this.ctx.storage.getAlarm();
    if (due.length > 0 && (set === null || next < set)) await this.ctx.storage.setAlarm(next);
  }

  /** When cron is due, in milliseconds since the epoch. */
  get #nextCron(): number | undefined {
    return this.ctx.storage.kv.get<number>("cron");
  }

  set #nextCron(due: number) {
    this.ctx.storage.kv.put("cron", due);
  }
}
