import type { Database } from "../../platform/d1/database.ts";
import { log } from "../../platform/log.ts";
import { type DetailedEvent, readDetails, usersIn } from "./details.ts";
import { type Packet, toPackets } from "./frame.ts";
import { TOO_MANY_STREAMS } from "./hub-client.ts";
import { Leases, type Presence, toPresenceFrame } from "./leases.ts";
import { eventsAfter, lastEventId } from "./log.ts";

const READ_LIMIT = 100;
/**
 * A read of the log starts at least this long after the one before, in milliseconds, and covers all notifications in
 * between. A write to a stream costs the same for one event and for several.
 */
const GATHER_MS = 50;
/** Maximum streams per user, more than a user has tabs. A hub has at most 32,768 sockets, and sends to all of them. */
const STREAMS_PER_USER = 20;

/**
 * The fan-out of one company, in its Durable Object. It holds a hibernatable WebSocket to the Worker of each
 * stream, and hibernates between events. It sends what it reads from the log: a notification only says that the log
 * has grown. Presence is the exception: it exists only here.
 */
export class FanOut {
  readonly #ctx: DurableObjectState;
  readonly #company: number;
  readonly #db: Database;
  readonly #leases: Leases;
  /** Reads of the log run one after another, so that each event is sent once and in order. */
  #reading: Promise<void> = Promise.resolve();
  /** A read that has not started also covers later notifications. */
  #isReadPending = false;
  /** When the last read started. */
  #readAt = 0;

  /** @param db has the company's event log */
  constructor(ctx: DurableObjectState, company: number, db: Database) {
    this.#ctx = ctx;
    this.#company = company;
    this.#db = db;
    this.#leases = new Leases(ctx.storage);
  }

  /**
   * Joins a user's stream.
   * @returns its socket, and a cursor: the socket may miss events up to this id, so the stream reads those from the log
   */
  async join(user: string): Promise<{ socket: WebSocket; cursor: number | undefined }> {
    const isFirst = this.#ctx.getWebSockets().length === 0;
    const { 0: client, 1: server } = new WebSocketPair();
    this.#makeRoom(user);
    this.#ctx.acceptWebSocket(server, [user]);
    server.serializeAttachment(Date.now());
    try {
      // Every join waits for a pending initCursor, which moves the cursor past events that no socket receives.
      await this.#enqueue(() => this.#initCursor(isFirst));
    } catch (error) {
      server.close(1011);
      throw error;
    }
    return { socket: client, cursor: this.#cursor };
  }

  /**
   * Sends the new events of the company's log: at once, unless a read started just before. Called after the commit that
   * appended them. If the object is evicted while it gathers, this call fails, and the caller notifies again.
   * @throws Error when the log cannot be read: the caller must notify again
   */
  async notify(): Promise<void> {
    if (this.#isReadPending || this.#ctx.getWebSockets().length === 0) return;
    this.#isReadPending = true;
    // Bounded above as well, in case the clock is set back.
    const wait = Math.min(this.#readAt + GATHER_MS - Date.now(), GATHER_MS);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    await this.#enqueue(() => {
      this.#isReadPending = false;
      this.#readAt = Date.now();
      return this.#sendNew();
    });
  }

  /** Takes or releases a lease. @returns the other users in the thread */
  announce(presence: Presence): Presence[] {
    const { others, isNews } = this.#leases.take(presence, Date.now());
    if (isNews) this.#sendPresence(presence);
    return others;
  }

  /** Announces users with an expired lease as `left`. */
  expireLeases(): void {
    for (const expired of this.#leases.expire(Date.now())) this.#sendPresence(expired);
  }

  /** When to call `expireLeases`, in milliseconds since the epoch; null without leases. */
  get nextExpiry(): number | null {
    return this.#leases.nextExpiry();
  }

  /** Closes the user's oldest streams, so that one more stays within the limit. */
  #makeRoom(user: string): void {
    const open = this.#ctx.getWebSockets(user).filter(({ readyState }) => readyState === WebSocket.OPEN);
    const byAge = open.sort((a, b) => a.deserializeAttachment() - b.deserializeAttachment());
    for (const socket of byAge.slice(0, Math.max(0, open.length - STREAMS_PER_USER + 1))) {
      socket.close(TOO_MANY_STREAMS, "This user has opened newer streams");
    }
  }

  async #initCursor(isFirst: boolean): Promise<void> {
    // Without sockets the cursor stood still while the log grew. Drop it first: if the read below fails, a stale cursor
    // would replay all of that.
    if (isFirst) this.#ctx.storage.kv.delete("cursor");
    this.#cursor ??= await lastEventId(this.#db);
  }

  async #sendNew(): Promise<void> {
    let cursor = this.#cursor;
    if (cursor === undefined) return; // a pending join sets it later, and its stream reads the log up to there
    let events: DetailedEvent[];
    do {
      events = await readDetails(this.#db, eventsAfter(this.#company, this.#users(), cursor, READ_LIMIT));
      const last = events.at(-1)?.id ?? (await lastEventId(this.#db));
      if (last < cursor || events.some(({ type }) => type === "restored")) return this.#startOver();
      this.#send(events);
      cursor = events.at(-1)?.id ?? cursor;
      this.#cursor = cursor;
    } while (events.length === READ_LIMIT);
  }

  /** After a restore of the database: ends all streams. Their clients return with positions of before, and get a resync. */
  #startOver(): void {
    this.#ctx.storage.kv.delete("cursor");
    for (const socket of this.#ctx.getWebSockets()) socket.close(1012);
  }

  /** The users with an open stream. Nobody else's private events are read. */
  #users(): number[] {
    const tags = this.#ctx.getWebSockets().flatMap((socket) => this.#ctx.getTags(socket));
    return [...new Set(tags)].map(Number);
  }

  /** Sends consecutive events of the same audience in one message. */
  #send(events: DetailedEvent[]): void {
    for (let start = 0, end = 0; start < events.length; start = end) {
      const audience = events[start]?.user_id ?? null;
      while (end < events.length && events[end]?.user_id === audience) end++;
      const some = events.slice(start, end);
      const touched = new Set(some.flatMap(usersIn));
      const sockets = this.#ctx.getWebSockets(audience === null ? undefined : String(audience));
      const groups = Map.groupBy(sockets, (socket) => {
        if (touched.size === 0) return audience;
        const user = Number(this.#ctx.getTags(socket)[0]);
        return touched.has(user) ? user : audience;
      });
      for (const [user, group] of groups) for (const packet of toPackets(some, user)) sendTo(group, packet);
    }
  }

  #sendPresence(presence: Presence): void {
    const own = String(presence.user_id);
    const others = this.#ctx.getWebSockets().filter((socket) => !this.#ctx.getTags(socket).includes(own));
    sendTo(others, [[null, toPresenceFrame(presence, this.#company)]]);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = this.#reading.then(work);
    this.#reading = run.catch(() => {});
    return run;
  }

  /**
   * The id of the last event sent, or of the newest when the first stream joined. Survives hibernation. A user who joins
   * later gets private events after it again, which the stream leaves out.
   */
  get #cursor(): number | undefined {
    return this.#ctx.storage.kv.get<number>("cursor");
  }

  set #cursor(id: number) {
    this.#ctx.storage.kv.put("cursor", id);
  }
}

function sendTo(sockets: WebSocket[], packet: Packet): void {
  const text = JSON.stringify(packet);
  for (const socket of sockets) {
    try {
      socket.send(text);
    } catch (error) {
      // A broken socket must not block the others. Closing it ends its stream, and the client resumes.
      log("warn", "hub.socket_broken", { error });
      socket.close(1011);
    }
  }
}
