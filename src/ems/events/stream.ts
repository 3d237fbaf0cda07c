import { formatEvent, formatRetry, KEEPALIVE, withId } from "../../lib/sse.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import type { CurrentUser } from "../user.ts";
import { personalize } from "./details.ts";
import { type Packet, toFrame } from "./frame.ts";
import { hubOf, TOO_MANY_STREAMS } from "./hub-client.ts";
import { formatPosition, type Position, positionsIn } from "./position.ts";
import { type EventKey, findMissed, readByKeys, resolveStart, type Start } from "./replay.ts";
import { RESYNC } from "./schemas.ts";

const KEEPALIVE_MS = 15_000;
/** Above this many unread bytes the stream is closed, and the client reconnects. No event is skipped. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** A Worker may open six connections at a time. */
const JOINS_AT_A_TIME = 6;
/** Bounded so that connections move to new deployments, and a leaked connection in a proxy ends. */
const MAX_LIFE_MS = 30 * 60_000;
/** The retry of a stream that gave way to newer ones of the user. An immediate retry would only close another. */
const GIVEN_WAY_RETRY_MS = 60_000;
/** A stream ends this long before its token expires. */
const MARGIN_MS = 1000;

/**
 * The lifetime of a stream in milliseconds, with a random reduction of up to a fifth: streams that were opened together
 * do not reconnect together.
 * @param exp expiry of the token, in seconds since the epoch
 */
export const lifetime = (exp: number, now = Date.now(), random = Math.random()): number =>
  Math.max(0, Math.min(MAX_LIFE_MS * (1 - random / 5), exp * 1000 - now - MARGIN_MS));

/**
 * Opens the live stream of a user's companies, as Server-Sent Events. It ends when the client disconnects or cannot
 * keep up, or when its lifetime is over.
 * @param since the client's position; without it, the stream starts at the end of the log
 */
export function openStream(
  ctx: Ctx,
  user: CurrentUser,
  since: string | undefined,
): ReadableStream<Uint8Array> {
  let stream: Stream;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stream = new Stream(ctx, user, controller);
        // Deferred, so that an immediate disconnect does not leave a join half done.
        ctx.defer(stream.run(since));
      },
      pull: () => stream.resume(),
      cancel: () => stream.release(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
}

const between = (low: number, high: number): number => low + Math.floor(Math.random() * (high - low));

const encoder = new TextEncoder();

class Stream {
  readonly #ctx: Ctx;
  readonly #user: CurrentUser;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #sockets: WebSocket[] = [];
  readonly #expiry: ReturnType<typeof setTimeout>;
  #keepalive: ReturnType<typeof setTimeout>;
  #writtenAt = Date.now();
  /** What the client has received. */
  #position: Position = new Map();
  /** The newest known event id of each log. Until the client has received all of them, events come from the log. */
  #reached: Position = new Map();
  #isLive = false;
  #isOpen = true;
  /** Called when the client has read, and the buffer has room again. */
  #resume = () => {};

  constructor(ctx: Ctx, user: CurrentUser, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#ctx = ctx;
    this.#user = user;
    this.#controller = controller;
    this.#expiry = setTimeout(() => this.#end(), lifetime(user.exp));
    this.#keepalive = setTimeout(() => this.#keepAlive(), KEEPALIVE_MS);
  }

  async run(since: string | undefined): Promise<void> {
    // Random, so that not all clients reconnect at once after a restart. The line becomes part of `connected`.
    this.#write(formatRetry(between(1000, 3000)));
    try {
      const start = await resolveStart(this.#ctx, this.#user, since);
      this.#position = start.position;
      await this.#join(start);
      const hello = formatEvent("connected", { message: "connected", user_id: this.#user.user_id });
      // No id before a resync: a client that disconnects now keeps its old position, and gets the resync next time.
      this.#write(start.isGapless ? withId(formatPosition(this.#position), hello) : hello);
      if (!start.isGapless) this.#resync();
      await this.#catchUp();
    } catch (error) {
      log("error", "stream.failed", { error });
      this.#end();
    }
  }

  /** Releases timers and sockets after the client has disconnected. */
  release(): void {
    this.#isOpen = false;
    this.#resume();
    clearTimeout(this.#keepalive);
    clearTimeout(this.#expiry);
    for (const socket of this.#sockets) socket.close(1000);
  }

  resume(): void {
    this.#resume();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.release();
    this.#controller.close();
  }

  /** Ends the stream after the hub closed its socket. A restarting hub, as on each deployment, closes all at once. */
  #endBy(code?: number): void {
    this.#write(formatRetry(code === TOO_MANY_STREAMS ? GIVEN_WAY_RETRY_MS : between(1000, 15_000)));
    this.#end();
  }

  #write(text: string): void {
    if (this.#isFull) this.#end();
    if (!this.#isOpen) return;
    this.#controller.enqueue(encoder.encode(text));
    this.#writtenAt = Date.now();
  }

  /** Writes a keepalive after 15 s without an event. A timer per event would cost more than the event. */
  #keepAlive(): void {
    if (Date.now() - this.#writtenAt >= KEEPALIVE_MS) this.#write(KEEPALIVE);
    if (!this.#isOpen) return;
    const due = this.#writtenAt + KEEPALIVE_MS - Date.now();
    this.#keepalive = setTimeout(() => this.#keepAlive(), due);
  }

  get #isFull(): boolean {
    return (this.#controller.desiredSize ?? 0) <= 0;
  }

  #resync(): void {
    this.#write(withId(formatPosition(this.#position), formatEvent("resync", RESYNC)));
  }

  /** Joins the hub of each company. This precedes the reads of the log, so that no event falls between the two. */
  async #join({ newest }: Start): Promise<void> {
    const { companies } = this.#user;
    for (let start = 0; start < companies.length && this.#isOpen; start += JOINS_AT_A_TIME) {
      const some = companies.slice(start, start + JOINS_AT_A_TIME);
      await Promise.all(some.map((company) => this.#joinOne(company, newest.get(company) ?? 0)));
    }
  }

  async #joinOne(company: number, newest: number): Promise<void> {
    const url = `https://hub/?user=${this.#user.user_id}`;
    const { webSocket, headers } = await hubOf(this.#ctx.env, company).fetch(url, {
      headers: { upgrade: "websocket" },
    });
    if (!webSocket) throw new Error(`The hub of company ${company} did not accept`);
    this.#sockets.push(webSocket);
    this.#reached.set(company, Math.max(newest, Number(headers.get("x-cursor"))));
    webSocket.addEventListener("message", ({ data }) => this.#receive(company, JSON.parse(String(data))));
    webSocket.addEventListener("close", ({ code }) => this.#endBy(code));
    webSocket.addEventListener("error", () => this.#endBy());
    webSocket.accept();
    if (!this.#isOpen) webSocket.close(1000);
  }

  #receive(company: number, packet: Packet): void {
    const last = packet.at(-1)?.[0] ?? null;
    if (last === null) this.#write(packet.map(([, frame]) => frame).join(""));
    else if (this.#isLive) this.#advance(company, packet);
    else this.#reached.set(company, Math.max(last, this.#reached.get(company) ?? 0));
  }

  /**
   * Sends events of one company in one write, without those that the client has received. Each has its own id: a
   * connection may break inside the write.
   */
  #advance(company: number, packet: Packet): void {
    const before = this.#position.get(company) ?? 0;
    const positionAfter = positionsIn(this.#position, company);
    let text = "";
    for (const [id, frame] of packet) {
      if (id === null || id <= before) continue;
      this.#position.set(company, id);
      text += withId(positionAfter(id), personalize(this.#user.user_id, frame));
    }
    if (text) this.#write(text);
  }

  /** Sends missed events from the log until none are left. From then on, events come from the sockets. */
  async #catchUp(): Promise<void> {
    while (this.#isOpen) {
      const reached = new Map(this.#reached);
      const behind = new Map([...this.#position].filter(([company, id]) => id < (reached.get(company) ?? 0)));
      if (behind.size === 0) break;
      const missed = await findMissed(this.#ctx, this.#user, behind);
      if (missed) await this.#replay(missed);
      for (const company of behind.keys()) {
        this.#position.set(company, Math.max(reached.get(company) ?? 0, this.#position.get(company) ?? 0));
      }
      if (!missed) this.#resync();
    }
    this.#isLive = true;
  }

  /** Sends at the client's pace. A client that stops reading is closed when the next keepalive is due. */
  async #replay(missed: EventKey[]): Promise<void> {
    for await (const event of readByKeys(this.#ctx, this.#user, missed)) {
      if (!this.#isOpen) return;
      while (this.#isOpen && this.#isFull) await new Promise<void>((resolve) => (this.#resume = resolve));
      this.#advance(event.company_id, [[event.id, toFrame(event, this.#user.user_id)]]);
    }
  }
}
