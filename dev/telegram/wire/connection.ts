import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Long, type mtp, type tl } from "@mtcute/core";
import { Framing } from "./framing.ts";
import type { AuthKey, Caller, Handler } from "./handler.ts";
import { Handshake } from "./handshake.ts";
import type { RsaKey } from "./key.ts";
import type { Keys } from "./keys.ts";
import { decrypt, encrypt, keyIdOf, type Message, MessageIds } from "./message.ts";
import { type Link, Session } from "./session.ts";
import { Reader, readIncoming, write, writeNumbers } from "./tl.ts";

/** In milliseconds: how long an earlier connection of a key may need to close. */
const GRACE = 300;
const HOUR = 3_600_000;
/** Of a packet in plain text: no key, an id, and the length. */
const PLAIN_HEAD = 20;
const KEY_UNKNOWN = -404;

/** What all connections of a data centre share. */
export interface Shared {
  dc: number;
  handler: Handler;
  keys: Keys;
  rsa: RsaKey;
  /** In milliseconds since the epoch. */
  now: () => number;
}

/** One client's connection: it is given a key, or shows one, and then has sessions. */
export class Connection implements Link {
  readonly handler: Handler;
  readonly ids: MessageIds;
  readonly #socket: Socket;
  readonly #shared: Shared;
  readonly #number: number;
  readonly #framing = new Framing();
  readonly #handshake: Handshake;
  readonly #sessions = new Map<string, Session>();
  readonly #packets: Buffer[] = [];
  #caller: Caller | undefined;
  #isCounted = false;
  #isOpen = true;
  /** What comes is not even read. */
  #isDeaf = false;
  #isBusy = false;
  #isFirst = true;
  #skew = 0;

  constructor(socket: Socket, shared: Shared, number: number) {
    this.#socket = socket;
    this.#shared = shared;
    this.#number = number;
    this.handler = shared.handler;
    this.ids = new MessageIds(() => this.now());
    this.#handshake = new Handshake(shared.rsa, () => this.now());
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => this.#close());
    socket.on("end", () => this.#close());
    socket.on("close", () => this.#close());
  }

  get caller(): Caller {
    if (!this.#caller) throw new Error("The connection has no key yet");
    return this.#caller;
  }

  now(): number {
    return this.#shared.now() + this.#skew;
  }

  skew(): void {
    this.#skew = HOUR;
  }

  /** Ends it at once, whatever was still to be sent or done. */
  cut(): void {
    this.#isDeaf = true;
    this.#close();
  }

  send(message: Message, isTorn = false): void {
    if (!this.#isOpen) return;
    const bytes = this.#framing.wrap(encrypt(this.caller.key, message));
    if (!isTorn) {
      this.#socket.write(bytes);
      return;
    }
    this.#isDeaf = true;
    this.#isOpen = false;
    this.#detach();
    this.#socket.write(bytes.subarray(0, bytes.length / 2), () => this.#socket.destroy());
  }

  refuseKey(): void {
    this.#write(writeNumbers(KEY_UNKNOWN >>> 0));
  }

  /** Tells the sessions of a key something. */
  push(key: AuthKey, updates: tl.TypeUpdates): void {
    if (this.#caller?.key !== key) return;
    for (const session of this.#sessions.values()) session.push(updates);
  }

  #write(packet: Uint8Array): void {
    if (this.#isOpen) this.#socket.write(this.#framing.wrap(packet));
  }

  #close(): void {
    this.#isOpen = false;
    this.#detach();
    this.#socket.destroy();
  }

  #detach(): void {
    if (this.#isCounted && this.#caller) this.#caller.key.open -= 1;
    this.#isCounted = false;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isDeaf) return;
    try {
      this.#packets.push(...this.#framing.receive(chunk));
      if (!this.#isBusy) void this.#work();
    } catch {
      this.cut();
    }
  }

  /** Takes packets one after the other. What came before the client's end is still done. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let packet = this.#packets.shift(); packet && !this.#isDeaf; packet = this.#packets.shift()) {
        await this.#take(packet);
      }
    } catch {
      // Hostile bytes end their own connection, and nothing else.
      this.cut();
    }
    this.#isBusy = false;
  }

  async #take(packet: Buffer): Promise<void> {
    const id = keyIdOf(packet);
    const key = id === null ? undefined : this.#keyOf(id);
    if (this.#isFirst && !(await this.#begin(key ?? null))) return;
    if (id === null) this.#exchange(packet);
    else if (!key || (key.isForgotten && !key.isDuplicated)) this.refuseKey();
    else await this.#receiveMessage(key, packet);
  }

  async #receiveMessage(key: AuthKey, packet: Buffer): Promise<void> {
    const message = decrypt(key, packet);
    await this.#attach(key);
    if (this.#isDeaf) return;
    const name = message.session.toString();
    let session = this.#sessions.get(name);
    if (!session) {
      session = new Session(message.session, this);
      this.#sessions.set(name, session);
    }
    session.receive(message);
  }

  #keyOf(id: string): AuthKey | undefined {
    const { keys, dc } = this.#shared;
    return this.#caller?.key.id === id ? this.#caller.key : keys.find(dc, id);
  }

  /** @returns false if nothing is done with the first packet */
  async #begin(key: AuthKey | null): Promise<boolean> {
    this.#isFirst = false;
    const { handler, dc } = this.#shared;
    const fault = handler.connect?.({ key, dc, connection: this.#number });
    if (!fault) return true;
    if (fault.delayMs > 0) await this.#pause(fault.delayMs);
    if (fault.cut) this.cut();
    else if (fault.effect === "forget-key" && key) key.isForgotten = true;
    else if (fault.effect === "clock") this.skew();
    else if (fault.delayMs === 0) this.#isDeaf = true;
    return !this.#isDeaf;
  }

  async #pause(delayMs: number): Promise<void> {
    this.#socket.pause();
    await sleep(delayMs, undefined, { ref: false });
    this.#socket.resume();
  }

  #exchange(packet: Buffer): void {
    const { answer, agreed } = this.#handshake.step(
      readIncoming(new Reader(packet, PLAIN_HEAD)) as mtp.TlObject,
    );
    if (agreed) this.#shared.keys.add(this.#shared.dc, agreed.secret, agreed.salt);
    const body = write(answer);
    this.#write(Buffer.concat([writeNumbers(Long.ZERO, this.ids.next(true), body.length), body]));
  }

  /**
   * Uses a key from now on. Two connections with one key are the end of it.
   * An earlier one that is about to close is waited for, so that a client may come again at once.
   */
  async #attach(key: AuthKey): Promise<void> {
    if (this.#caller?.key === key) return;
    this.#detach();
    for (let waited = 0; key.open > 0 && waited < GRACE; waited += 10) await this.#pause(10);
    this.#caller = { key, connection: this.#number, dc: this.#shared.dc };
    this.#sessions.clear();
    // A client that has gone meanwhile does not count; what it asked for is still done.
    if (!this.#isOpen) return;
    this.#isCounted = true;
    key.open += 1;
    key.most = Math.max(key.most, key.open);
    if (key.open > 1) {
      key.isDuplicated = true;
      key.isForgotten = true;
    }
  }
}
