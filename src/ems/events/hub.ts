import { DurableObject } from "cloudflare:workers";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { lastEventId, readEvents } from "./log.ts";

const READ_LIMIT = 200;

/**
 * One company's fan-out. It holds a hibernatable WebSocket to each Worker that holds a stream, and sleeps
 * between events. What it sends is what the log says: a ring carries nothing but the news that there is more.
 */
export class CompanyHub extends DurableObject<Env> {
  readonly #db: DrizzleD1Database = drizzle(this.env.DB);
  /** Reads of the log follow one another, so that each event goes out once and in order. */
  #reading: Promise<void> = Promise.resolve();
  /** A read that has not begun will also see what the next ring tells of. */
  #isReadPending = false;

  /** Joins a stream: `GET ?company=&user=` with Upgrade: websocket. Only our own Worker can call it. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const company = Number(searchParams.get("company"));
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [String(searchParams.get("user"))]);
    await this.#enqueue(async () => {
      if (this.#cursor === undefined) this.#cursor = await lastEventId(this.#db, company);
    });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Called after a commit that has appended to the company's log. */
  async ring(company: number): Promise<void> {
    if (this.#isReadPending || this.ctx.getWebSockets().length === 0) return;
    this.#isReadPending = true;
    await this.#enqueue(() => {
      this.#isReadPending = false;
      return this.#send(company);
    });
  }

  override webSocketClose(socket: WebSocket): void {
    // Without listeners there is nobody to be behind: the next one to join starts at the log's end.
    if (this.ctx.getWebSockets().every((other) => other === socket)) this.ctx.storage.kv.delete("cursor");
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket);
  }

  async #send(company: number): Promise<void> {
    for (;;) {
      const cursor = this.#cursor;
      if (cursor === undefined) return;
      const events = await readEvents(this.#db, company, cursor, READ_LIMIT);
      for (const event of events) {
        const sockets = this.ctx.getWebSockets(event.user_id === null ? undefined : String(event.user_id));
        const text = JSON.stringify(event);
        for (const socket of sockets) socket.send(text);
      }
      const last = events.at(-1);
      if (last) this.#cursor = last.id;
      if (events.length < READ_LIMIT) return;
    }
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = this.#reading.then(work);
    this.#reading = run.catch(() => {});
    return run;
  }

  /** The last event that was sent. It outlives hibernation. */
  get #cursor(): number | undefined {
    return this.ctx.storage.kv.get<number>("cursor");
  }

  set #cursor(id: number) {
    this.ctx.storage.kv.put("cursor", id);
  }
}
