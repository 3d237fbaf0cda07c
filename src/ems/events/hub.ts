import { DurableObject } from "cloudflare:workers";
import { openDatabase } from "../../platform/d1/database.ts";
import { log } from "../../platform/log.ts";
import { config } from "../config.ts";
import { type Packet, toFrame } from "./frame.ts";
import { TOO_MANY_STREAMS } from "./hub-client.ts";
import { Leases, type Presence, toPresenceFrame } from "./leases.ts";
import { type LoggedEvent, lastEventId, readEvents } from "./log.ts";

const READ_LIMIT = 200;
/** Streams of one user: beyond any number of tabs. A hub takes 32,768 sockets, and sends each event to every one. */
const STREAMS_PER_USER = 20;

/**
 * One company's fan-out, under the company's id as its name. It holds a hibernatable WebSocket to each Worker that
 * holds a stream, and sleeps between events. What it sends is what the log says: a ring carries nothing but the
 * news that there is more. Only presence is its own.
 */
export class CompanyHub extends DurableObject<Env> {
  readonly #company = Number(this.ctx.id.name);
  readonly #db = openDatabase(this.env, "DB", config(this.env)).forCompany(this.#company);
  readonly #leases = new Leases(this.ctx.storage);
  /** Reads of the log follow one another, so that each event goes out once and in order. */
  #reading: Promise<void> = Promise.resolve();
  /** A read that has not begun will also see what the next ring tells of. */
  #isReadPending = false;

  /**
   * Joins a stream: `GET ?user=` with Upgrade: websocket. The answer's `x-cursor` is the id of the last event
   * that this socket may not be told of: the stream reads the log up to there.
   */
  override async fetch(request: Request): Promise<Response> {
    const isFirst = this.ctx.getWebSockets().length === 0;
    const { 0: client, 1: server } = new WebSocketPair();
    const user = String(new URL(request.url).searchParams.get("user"));
    this.#makeRoom(user);
    this.ctx.acceptWebSocket(server, [user]);
    server.serializeAttachment(Date.now());
    try {
      // Everyone waits for a beginning that is under way: it moves the cursor past events that no socket is sent.
      await this.#enqueue(() => this.#begin(isFirst));
    } catch (error) {
      server.close(1011);
      throw error;
    }
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "x-cursor": String(this.#cursor) },
    });
  }

  /**
   * Called after a commit that has appended to the company's log.
   * @throws Error when the log cannot be read: the caller rings again
   */
  async notify(): Promise<void> {
    if (this.#isReadPending || this.ctx.getWebSockets().length === 0) return;
    this.#isReadPending = true;
    await this.#enqueue(() => {
      this.#isReadPending = false;
      return this.#sendNew();
    });
  }

  /** @returns who else is at the thread */
  async announce(presence: Presence): Promise<Presence[]> {
    const { others, isNews } = this.#leases.take(presence, Date.now());
    if (isNews) this.#sendPresence(presence);
    await this.#wakeForLeases();
    return others;
  }

  /** Whoever has not renewed a lease has left. */
  override async alarm(): Promise<void> {
    for (const expired of this.#leases.expire(Date.now())) this.#sendPresence(expired);
    await this.#wakeForLeases();
  }

  async #wakeForLeases(): Promise<void> {
    const due = this.#leases.nextExpiry();
    if (due !== null && (await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(due);
  }

  /** Closes the user's oldest streams, so that there is room for one more. */
  #makeRoom(user: string): void {
    const open = this.ctx.getWebSockets(user).filter(({ readyState }) => readyState === WebSocket.OPEN);
    const byAge = open.sort((a, b) => a.deserializeAttachment() - b.deserializeAttachment());
    for (const socket of byAge.slice(0, Math.max(0, open.length - STREAMS_PER_USER + 1))) {
      socket.close(TOO_MANY_STREAMS, "This user has opened newer streams");
    }
  }

  async #begin(isFirst: boolean): Promise<void> {
    // A cursor from before there was nobody is of no use, not even when this fails: the log may have grown by much since.
    if (isFirst) this.ctx.storage.kv.delete("cursor");
    this.#cursor ??= await lastEventId(this.#db, this.#company);
  }

  async #sendNew(): Promise<void> {
    let cursor = this.#cursor;
    if (cursor === undefined) return; // whoever is joining begins after this, and reads the log up to there
    let events: LoggedEvent[];
    do {
      events = await readEvents(this.#db, this.#company, cursor, READ_LIMIT);
      this.#send(events);
      cursor = events.at(-1)?.id ?? cursor;
      this.#cursor = cursor;
    } while (events.length === READ_LIMIT);
  }

  /** Events in a row that have the same audience go out together. */
  #send(events: LoggedEvent[]): void {
    for (let start = 0, end = 0; start < events.length; start = end) {
      const audience = events[start]?.user_id ?? null;
      while (end < events.length && events[end]?.user_id === audience) end++;
      const packets = events.slice(start, end).map((event): Packet => [event.id, toFrame(event)]);
      const sockets = this.ctx.getWebSockets(audience === null ? undefined : String(audience));
      sendTo(sockets, packets);
    }
  }

  #sendPresence(presence: Presence): void {
    const own = String(presence.user_id);
    const others = this.ctx.getWebSockets().filter((socket) => !this.ctx.getTags(socket).includes(own));
    sendTo(others, [[null, toPresenceFrame(presence, this.#company)]]);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = this.#reading.then(work);
    this.#reading = run.catch(() => {});
    return run;
  }

  /** The last event that was sent, or that was in the log when the first joined. It outlives hibernation. */
  get #cursor(): number | undefined {
    return this.ctx.storage.kv.get<number>("cursor");
  }

  set #cursor(id: number) {
    this.ctx.storage.kv.put("cursor", id);
  }
}

function sendTo(sockets: WebSocket[], packets: Packet[]): void {
  const text = JSON.stringify(packets);
  for (const socket of sockets) {
    try {
      socket.send(text);
    } catch (error) {
      // Its stream ends with it, and the client resumes: one that is broken holds up no other.
      log("warn", "hub.socket_broken", { error });
      socket.close(1011);
    }
  }
}
