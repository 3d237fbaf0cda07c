import { DurableObject } from "cloudflare:workers";
import { toServiceError } from "../../../platform/app.ts";
import { log } from "../../../platform/log.ts";
import { startWork } from "../../../platform/work.ts";
import { createContext } from "../../context.ts";
import { throttled } from "../../errors.ts";
import { limitOf } from "../../limits.ts";
import {
  ARRIVAL,
  type Arrival,
  type Change,
  CLOSE,
  type PageQuery,
  type Ring,
  type RoomCalls,
} from "../contract.ts";
import { editMessage, removeMessage } from "./changes.ts";
import { obey } from "./commands.ts";
import { forgetListeners } from "./entry.ts";
import { broadcast, clearedEvent, closeIfExpired } from "./events.ts";
import { type Frame, readFrame } from "./frames.ts";
import { MessageLog } from "./log.ts";
import { Membership } from "./membership.ts";
import { Pace } from "./pace.ts";
import { People } from "./people.ts";
import { Reads } from "./reads.ts";
import { isReportDue, REPORT_MS, report, reportedAt } from "./report.ts";
import { type Proof, signIn } from "./signing-in.ts";
import { type Listener, Sockets } from "./sockets.ts";
import type { Room } from "./state.ts";

/** How long a socket may take to bring a token, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Sockets of a room without a token. */
const MAX_STRANGERS = 100;
/** Sockets of a room. */
const MAX_SOCKETS = 10_000;
/** Frames of a socket that wait for their turn. */
const MAX_WAITING = 100;
/** How often old `client_id`s are forgotten, in milliseconds. */
const SWEEP_MS = 24 * 3600_000;

/** The Durable Object of a chat room, named by the room's id: its messages, and the sockets of those who listen. */
export class ChatRoom extends DurableObject<Env> implements RoomCalls {
  readonly #room: Room = this.#createRoom();
  readonly #membership = new Membership(this.#room);
  /** The last frame of each socket, and how many wait: frames of one socket are done one after the other. */
  readonly #turns = new Map<WebSocket, { last: Promise<void>; waiting: number }>();
  /** Users whose last socket was closed. */
  readonly #left = new Set<number>();
  #nextAlarm: number | undefined;

  #createRoom(): Room {
    const { storage } = this.ctx;
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    return {
      id: String(this.ctx.id.name),
      ctx: createContext(this.env, this.ctx),
      storage,
      isPrivate: storage.kv.get<boolean>("private") ?? false,
      log: new MessageLog(storage),
      reads: new Reads(storage),
      people: new People(storage),
      sockets: new Sockets(this.ctx),
      pace: new Pace(),
      forgets: 0,
    };
  }

  /** Opens a socket. It is always accepted: a browser sees why it is closed, but not why it was refused. */
  override async fetch(request: Request): Promise<Response> {
    const arrival: Arrival = JSON.parse(request.headers.get(ARRIVAL) ?? "");
    const { origin, since, token, ticket } = arrival;
    const { sockets } = this.#room;
    this.#settle(arrival);
    const { 0: client, 1: server } = new WebSocketPair();
    const deadline = Date.now() + PATIENCE_MS;
    sockets.accept(server, { deadline, origin, since });
    const isStranger = token === null && ticket === null;
    const isFull =
      sockets.listeners.size >= MAX_SOCKETS || (isStranger && sockets.strangers.size > MAX_STRANGERS);
    if (isFull) sockets.close(server, CLOSE.throttled, "The room has too many connections");
    else if (isStranger) await this.#wakeAt(deadline);
    else await this.#signIn(server, { token, ticket });
    return new Response(null, { status: 101, webSocket: client });
  }

  #settle({ roomKey, isPrivate }: Arrival): void {
    this.#room.log.setKey(roomKey);
    if (this.#room.isPrivate === isPrivate) return;
    this.ctx.storage.kv.put("private", isPrivate);
    this.#room.isPrivate = isPrivate;
  }

  #signIn(socket: WebSocket, proof: Proof): Promise<void> {
    return signIn(this.#room, this.#membership, socket, proof);
  }

  /** Does what a frame asks for, once the earlier frames of its socket are done. */
  override webSocketMessage(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const turn = this.#turns.get(socket) ?? { last: Promise.resolve(), waiting: 0 };
    this.#turns.set(socket, turn);
    if (++turn.waiting > MAX_WAITING)
      this.#room.sockets.close(socket, CLOSE.throttled, "Too many frames at once");
    turn.last = turn.last
      .then(() => this.#takeFrame(socket, raw))
      .finally(() => {
        if (--turn.waiting === 0) this.#turns.delete(socket);
      });
    return turn.last;
  }

  override webSocketClose(socket: WebSocket): void {
    this.#forget(socket);
    // A socket that the client has closed needs the answer of this side.
    this.#room.sockets.close(socket, 1000, "");
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket);
  }

  #forget(socket: WebSocket): void {
    const { sockets, pace } = this.#room;
    const listener = sockets.listener(socket);
    sockets.forget(socket);
    if (!listener || sockets.countOf(listener.user) > 0) return;
    pace.forget(listener.user);
    this.#left.add(listener.user);
  }

  async #takeFrame(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const { sockets } = this.#room;
    let clientId: unknown;
    try {
      const frame = readFrame(raw, (id) => {
        clientId = id;
      });
      const listener = sockets.listener(socket);
      if (!listener) await this.#hearStranger(socket, frame);
      else if (!closeIfExpired(this.#room, socket, listener, Date.now()))
        await this.#hear(socket, listener, frame);
    } catch (thrown) {
      const { code, message, issues, retryAfterSeconds } = toServiceError(thrown);
      if (code === "internal" || code === "unavailable") log("error", "chat.frame_failed", { error: thrown });
      const [issue] = issues;
      const detail = issue?.path ? `${issue.path}: ${message}` : message;
      const wait = retryAfterSeconds === undefined ? {} : { wait_seconds: retryAfterSeconds };
      const known = clientId === undefined ? {} : { client_id: clientId };
      sockets.send(socket, JSON.stringify({ type: "error", detail, ...known, ...wait }));
    }
  }

  /** Before it has brought a token, a socket does nothing else. */
  async #hearStranger(socket: WebSocket, frame: Frame): Promise<void> {
    if (frame.type !== "auth" || !this.#room.sockets.stranger(socket)) return;
    if (frame.since !== undefined) this.#room.sockets.resumeFrom(socket, frame.since);
    await this.#signIn(socket, { token: frame.token, ticket: null });
  }

  async #hear(socket: WebSocket, listener: Listener, frame: Frame): Promise<void> {
    const { sockets, pace, ctx, log } = this.#room;
    const [times, seconds] = limitOf(ctx, "messages");
    const isMessage = frame.type === "chat_message";
    const wait = frame.type === "user_typing" ? 0 : pace.take(listener.user, times / seconds, isMessage);
    if (wait === null) return sockets.close(socket, CLOSE.throttled, "Too many frames");
    if (wait > 0) throw throttled(wait);
    const before = log.seq;
    await this.#membership.freshen();
    if (!sockets.listener(socket)) return; // may not listen any more
    await obey(this.#room, { socket, listener }, frame);
    if (log.seq > before || frame.type === "message_read") await this.#reportSoon();
  }

  async page(query: PageQuery) {
    return this.#room.log.page(query);
  }

  async edit(change: Change & { text: string }) {
    await this.#membership.freshen();
    const edited = await editMessage(this.#room, change);
    await this.#reportSoon();
    return edited;
  }

  async remove(change: Change & { isModerator: boolean }) {
    await this.#membership.freshen();
    const removed = removeMessage(this.#room, change);
    await this.#reportSoon();
    return removed;
  }

  async clear(): Promise<void> {
    await this.#membership.freshen();
    const seq = this.#room.log.clear();
    broadcast(this.#room, 0, () => clearedEvent(this.#room, seq));
    await this.#reportSoon();
  }

  ring(ring: Ring): Promise<void> {
    return this.#membership.ring(ring);
  }

  async end(): Promise<void> {
    const { sockets, log, reads, people } = this.#room;
    for (const socket of [...sockets.strangers.keys(), ...sockets.listeners.keys()])
      sockets.close(socket, CLOSE.notFound, "The room does not exist");
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    log.open();
    reads.open();
    people.open();
  }

  /** Closes sockets that have brought no token, reports, and removes what is not needed any more. */
  override alarm(): Promise<void> {
    this.#nextAlarm = undefined;
    // Without a line in the log: each talk would leave one every ten seconds.
    return startWork(crypto.randomUUID(), async () => {
      const now = Date.now();
      this.#closeLate(now);
      await this.#report();
      const isMore = this.#room.log.trim();
      this.#sweep(now);
      if (isMore) await this.#wakeAt(now);
    });
  }

  #closeLate(now: number): void {
    const { sockets } = this.#room;
    let next = Number.POSITIVE_INFINITY;
    for (const [socket, { deadline }] of sockets.strangers) {
      if (deadline <= now) sockets.close(socket, CLOSE.unauthenticated, "No token came within 10 seconds");
      else next = Math.min(next, deadline);
    }
    if (next < Number.POSITIVE_INFINITY) this.ctx.waitUntil(this.#wakeAt(next));
  }

  async #report(): Promise<void> {
    try {
      await report(this.#room);
      await this.#forgetLeft();
    } catch (error) {
      log("error", "chat.report_failed", { error });
      await this.#wakeAt(Date.now() + REPORT_MS);
    }
  }

  /** Race: who comes back at the same moment enters again, so that the end of the session still rings. */
  async #forgetLeft(): Promise<void> {
    const room = this.#room;
    const left = [...this.#left].filter((user) => room.sockets.countOf(user) === 0);
    if (left.length > 0) {
      room.forgets++;
      await forgetListeners(room.ctx, room.id, left).finally(() => room.forgets++);
    }
    for (const user of left) this.#left.delete(user);
  }

  #sweep(now: number): void {
    const { kv } = this.ctx.storage;
    if (now - (kv.get<number>("swept") ?? 0) < SWEEP_MS) return;
    this.#room.log.forgetSends();
    kv.put("swept", now);
  }

  /** At once, or 10 seconds after the last report. */
  async #reportSoon(): Promise<void> {
    if (isReportDue(this.#room)) await this.#wakeAt(Math.max(Date.now(), reportedAt(this.#room) + REPORT_MS));
  }

  async #wakeAt(at: number): Promise<void> {
    if (this.#nextAlarm !== undefined && this.#nextAlarm <= at) return;
    this.#nextAlarm = at;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || at < set) await this.ctx.storage.setAlarm(at);
  }
}
