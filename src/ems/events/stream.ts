import { formatEvent, formatRetry, KEEPALIVE, withId } from "../../lib/sse.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import type { CurrentUser } from "../user.ts";
import { type Packet, toFrame } from "./frame.ts";
import { hubOf, TOO_MANY_STREAMS } from "./hub-client.ts";
import { formatPosition, type Position } from "./position.ts";
import { findMissed, findStart, type Place, readPlaces, type Start } from "./replay.ts";
import { RESYNC } from "./schemas.ts";

const KEEPALIVE_MS = 15_000;
/** A client that leaves this many bytes unread is closed, to reconnect, rather than skipped or buffered for. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** A Worker may have six connections opening at a time. */
const JOINS_AT_A_TIME = 6;
/** So that connections move to new deployments, and what leaks in a proxy does not leak for ever. */
const MAX_LIFE_MS = 30 * 60_000;
/** Of a stream that gives way to the user's newer ones: were it to come back at once, it would only push out another. */
const GIVEN_WAY_RETRY_MS = 60_000;
/** A stream never outlives its token: it ends this long before. */
const MARGIN_MS = 1000;

/** How long a stream may last, in milliseconds: up to a fifth less than it could, so that not all reconnect at once. */
export const lifetime = (exp: number, now = Date.now(), random = Math.random()): number =>
  Math.max(0, Math.min(MAX_LIFE_MS * (1 - random / 5), exp * 1000 - now - MARGIN_MS));

/**
 * The live stream of a user's companies, as Server-Sent Events. It lasts until the client goes or cannot keep up,
 * or its time is over.
 * @param since the position that the client has come to; without it the stream begins now
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
        // Deferred, so that a client that goes away at once does not leave a join half done.
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
  /** What the client has been given. */
  #position: Position = new Map();
  /** How far each log is known to go. Until the client has been given all of it, the log is read and not the sockets. */
  #reached: Position = new Map();
  #isLive = false;
  #isOpen = true;
  /** Called when the client has made room. */
  #resume = () => {};

  constructor(ctx: Ctx, user: CurrentUser, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#ctx = ctx;
    this.#user = user;
    this.#controller = controller;
    this.#expiry = setTimeout(() => this.#end(), lifetime(user.exp));
    this.#keepalive = setTimeout(() => this.#keepAlive(), KEEPALIVE_MS);
  }

  async run(since: string | undefined): Promise<void> {
    // Each another: after a restart of the server not all come back at once. `connected` ends the event that this begins.
    this.#write(formatRetry(between(1000, 3000)));
    try {
      const start = await findStart(this.#ctx, this.#user, since);
      this.#position = start.position;
      await this.#join(start);
      const hello = formatEvent("connected", { message: "connected", user_id: this.#user.user_id });
      // Without an id a client that goes away now still has its old one, and will be told to resync again.
      this.#write(start.isKnown ? withId(formatPosition(this.#position), hello) : hello);
      if (!start.isKnown) this.#resync();
      await this.#catchUp();
    } catch (error) {
      log("error", "stream.failed", { error });
      this.#end();
    }
  }

  /** Ends all that the stream holds, when the client has gone. */
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

  /** The hub has let go. When it restarts, as with each deployment, it does so of all streams at once. */
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

  /** Looks at the clock when a comment could be due: a timer per event would cost more than the event. */
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

  /** Joins the hub of each company, before anything is read: what happens from then on is not missed. */
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

  #receive(company: number, packets: Packet[]): void {
    for (const [id, frame] of packets) {
      if (id === null) this.#write(frame);
      else if (this.#isLive) this.#advance(company, id, frame);
      else this.#reached.set(company, Math.max(id, this.#reached.get(company) ?? 0));
    }
  }

  /** Passes an event on, unless the client has had it from the log. */
  #advance(company: number, id: number, frame: string): void {
    if (id <= (this.#position.get(company) ?? 0)) return;
    this.#position.set(company, id);
    this.#write(withId(formatPosition(this.#position), frame));
  }

  /** Gives the client from the log what it has missed, until nothing is left; from then on the sockets lead. */
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

  /** As fast as the client reads; one that stops reading is closed when the next keepalive is due. */
  async #replay(missed: Place[]): Promise<void> {
    for await (const event of readPlaces(this.#ctx, this.#user, missed)) {
      if (!this.#isOpen) return;
      while (this.#isOpen && this.#isFull) await new Promise<void>((resolve) => (this.#resume = resolve));
      this.#advance(event.company_id, event.id, toFrame(event));
    }
  }
}
