import { log } from "../../../platform/log.ts";
import { CLOSE } from "../contract.ts";

/** Somebody who hears what happens. */
export interface Listener {
  user: number;
  session: string;
  /** When the token ends, in milliseconds since the epoch. */
  expiresAt: number;
  /** The module's public base URL, as this client has it. */
  origin: string;
  /** The position of the room when it began to hear. */
  from: number;
}

/** A socket that has brought no token yet. */
export interface Stranger {
  /** When it is closed, in milliseconds since the epoch. */
  deadline: number;
  origin: string;
  /** The position to resume from. */
  since: number | null;
}

type State = { listener: Listener } | { stranger: Stranger };

/** The sockets of a room. They outlive its hibernation, with what `serializeAttachment` keeps of them. */
export class Sockets {
  readonly #ctx: DurableObjectState;
  readonly #strangers = new Map<WebSocket, Stranger>();
  readonly #listeners = new Map<WebSocket, Listener>();
  readonly #counts = new Map<number, number>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    for (const socket of ctx.getWebSockets()) {
      const state = socket.deserializeAttachment() as State | null;
      if (state && "listener" in state) this.#add(socket, state.listener);
      else if (state) this.#strangers.set(socket, state.stranger);
    }
  }

  /** Takes a socket that hears nothing yet. */
  accept(socket: WebSocket, stranger: Stranger): void {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment({ stranger } satisfies State);
    this.#strangers.set(socket, stranger);
  }

  /** Notes from which position a socket without a token is to resume. */
  resumeFrom(socket: WebSocket, since: number): void {
    const known = this.#strangers.get(socket);
    if (known) this.#strangers.set(socket, { ...known, since });
  }

  /** From now on a socket hears what happens. */
  admit(socket: WebSocket, listener: Listener): void {
    this.#strangers.delete(socket);
    socket.serializeAttachment({ listener } satisfies State);
    this.#add(socket, listener);
  }

  /** Sends a text, or closes the socket: none is ever skipped. */
  send(socket: WebSocket, text: string): void {
    try {
      socket.send(text);
    } catch {
      this.close(socket, CLOSE.failed, "The connection is broken");
    }
  }

  /** Closes a socket. It hears nothing more. */
  close(socket: WebSocket, code: number, reason: string): void {
    this.forget(socket);
    try {
      socket.close(code, reason);
    } catch (error) {
      log("warn", "chat.close_failed", { error });
    }
  }

  /** Notes that a socket is closed. */
  forget(socket: WebSocket): void {
    this.#strangers.delete(socket);
    const listener = this.#listeners.get(socket);
    if (!listener || !this.#listeners.delete(socket)) return;
    const left = this.countOf(listener.user) - 1;
    if (left > 0) this.#counts.set(listener.user, left);
    else this.#counts.delete(listener.user);
  }

  stranger(socket: WebSocket): Stranger | undefined {
    return this.#strangers.get(socket);
  }

  listener(socket: WebSocket): Listener | undefined {
    return this.#listeners.get(socket);
  }

  get strangers(): ReadonlyMap<WebSocket, Stranger> {
    return this.#strangers;
  }

  get listeners(): ReadonlyMap<WebSocket, Listener> {
    return this.#listeners;
  }

  /** How many sockets somebody has. */
  countOf(user: number): number {
    return this.#counts.get(user) ?? 0;
  }

  #add(socket: WebSocket, listener: Listener): void {
    this.#listeners.set(socket, listener);
    this.#counts.set(listener.user, this.countOf(listener.user) + 1);
  }
}
