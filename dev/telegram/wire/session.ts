import { setTimeout as sleep } from "node:timers/promises";
import { Long, type mtp, type tl } from "@mtcute/core";
import { TlUnknownObjectError } from "@mtcute/core/utils.js";
import { createCrypto } from "./crypto.ts";
import { type Call, type Caller, Disturbance, type Handler, type Reply, RpcError } from "./handler.ts";
import type { Message, MessageIds } from "./message.ts";
import { Reader, readIncoming, write, writeNumbers, writeReply } from "./tl.ts";
import { unwrap } from "./unwrap.ts";

const CONTAINER = 0x73f1f8dc;
const RPC_RESULT = 0xf35c6d01;
const FUTURE_SALTS = 0xae500895;
/** In no schema. */
const UNKNOWN = 0x0badc0de;

const MAX_CONTAINED = 1024;
/** How many calls a session remembers. */
const MAX_STATES = 2048;

/** In seconds: how far a client's clock may be behind and ahead. */
const MAX_BEHIND = 300;
const MAX_AHEAD = 30;
const ID_TOO_LOW = 16;
const ID_TOO_HIGH = 17;
const WRONG_SALT = 48;

/** In `msgs_state_info`. */
const NOTHING_KNOWN = 1;
const RUNNING = 4 | 8 | 32;
const ANSWERED = 4 | 8 | 64;

/** The connection of a session. */
export interface Link {
  readonly caller: Caller;
  readonly handler: Handler;
  readonly ids: MessageIds;
  /** The time as this connection has it, in milliseconds since the epoch. */
  now(): number;
  /** Sends a message if the connection is open. @param isTorn the connection is cut within it */
  send(message: Message, isTorn?: boolean): void;
  /** Its clock is ahead from now on. */
  skew(): void;
  /** Says that the key is unknown. */
  refuseKey(): void;
  cut(): void;
}

/** What a client and a data centre say under one session id. It ends with its connection. */
export class Session {
  readonly #id: Long;
  readonly #link: Link;
  #sequence = 0;
  #isNew = true;
  #wantsUpdates = true;
  /** Of calls, by the ids of their messages. */
  readonly #states = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #dropped = new Set<string>();

  constructor(id: Long, link: Link) {
    this.#id = id;
    this.#link = link;
  }

  /**
   * Takes a message. Its calls are answered later, in any order.
   * @throws {Error} if it is malformed
   */
  receive({ id, sequence, salt, body }: Message): void {
    const key = this.#link.caller.key;
    const behind = this.#link.now() / 1000 - id.shiftRightUnsigned(32).toNumber();
    if (behind > MAX_BEHIND) this.#refuse(id, sequence, ID_TOO_LOW);
    else if (behind < -MAX_AHEAD) this.#refuse(id, sequence, ID_TOO_HIGH);
    else if (salt.neq(key.salt)) this.#tellSalt(id, sequence);
    else {
      if (this.#isNew) this.#greet(id);
      const reader = new Reader(body);
      if (reader.peekUint() === CONTAINER) this.#receiveContained(reader);
      else this.#receiveOne(id, sequence, reader);
    }
  }

  /** After it a client sends again what it sent before. */
  #greet(firstMsgId: Long): void {
    this.#isNew = false;
    const serverSalt = this.#link.caller.key.salt;
    this.#tell({ _: "mt_new_session_created", firstMsgId, uniqueId: randomLong(), serverSalt });
  }

  /** Tells the client something it did not ask for, if it wants to hear of such. */
  push(updates: tl.TypeUpdates): void {
    if (this.#wantsUpdates) this.#tell(updates);
  }

  #receiveContained(reader: Reader): void {
    reader.uint();
    const count = reader.uint();
    if (count > MAX_CONTAINED) throw new RangeError("Too full a container");
    for (let at = 0; at < count; at += 1) {
      const id = reader.long(true);
      const sequence = reader.uint();
      this.#receiveOne(id, sequence, new Reader(reader.raw(reader.uint())));
    }
  }

  #receiveOne(id: Long, sequence: number, reader: Reader): void {
    try {
      const incoming = readIncoming(reader);
      if (!this.#serve(id, incoming)) this.#receiveCall(id, sequence, incoming as Call);
    } catch (error) {
      if (!(error instanceof TlUnknownObjectError)) throw error;
      const code = error.objectId.toString(16);
      this.#answer(id, write(rpcError(new RpcError(400, `INPUT_CONSTRUCTOR_INVALID_${code}`))));
    }
  }

  /** @returns false for what is no service message */
  #serve(id: Long, incoming: { _: string }): boolean {
    if (!incoming._.startsWith("mt_")) return false;
    const message = incoming as mtp.TlObject;
    const { key } = this.#link.caller;
    switch (message._) {
      case "mt_ping":
      case "mt_ping_delay_disconnect":
        this.#tell({ _: "mt_pong", msgId: id, pingId: message.pingId }, true);
        break;
      case "mt_get_future_salts":
        this.#send(this.#futureSalts(id), true);
        break;
      case "mt_msgs_state_req": {
        const states = message.msgIds.map((asked) => this.#states.get(asked.toUnsigned().toString()));
        const info = Buffer.from(states.map((state) => state ?? NOTHING_KNOWN));
        this.#tell({ _: "mt_msgs_state_info", reqMsgId: id, info }, true);
        break;
      }
      case "mt_destroy_session":
        this.#tell({ _: "mt_destroy_session_ok", sessionId: message.sessionId }, true);
        break;
      case "mt_destroy_auth_key":
        this.#tell({ _: "mt_destroy_auth_key_ok" }, true);
        key.isForgotten = true;
        break;
      case "mt_rpc_drop_answer": {
        const dropped = message.reqMsgId.toUnsigned().toString();
        const isRunning = this.#running.has(dropped);
        if (isRunning) this.#dropped.add(dropped);
        this.#answer(id, write({ _: isRunning ? "mt_rpc_answer_dropped_running" : "mt_rpc_answer_unknown" }));
      }
    }
    return true;
  }

  /** mtcute's own writer cannot write these. One salt is good for ever. */
  #futureSalts(id: Long): Buffer {
    const now = Math.floor(this.#link.now() / 1000);
    return writeNumbers(FUTURE_SALTS, id, now, 1, now - 60, 0x7fffffff, this.#link.caller.key.salt);
  }

  #receiveCall(id: Long, sequence: number, incoming: Call): void {
    const { call, layer, deviceModel, after, wantsUpdates } = unwrap(incoming);
    const { key } = this.#link.caller;
    key.layer = layer ?? key.layer;
    key.deviceModel = deviceModel ?? key.deviceModel;
    this.#wantsUpdates = wantsUpdates;
    this.#tell({ _: "mt_msgs_ack", msgIds: [id] }, false, false);
    const name = id.toString();
    if (this.#states.has(name)) return;
    this.#states.set(name, RUNNING);
    const [oldest] = this.#states.keys();
    if (this.#states.size > MAX_STATES && oldest) this.#states.delete(oldest);
    const earlier = after.map((other) => this.#running.get(other.toUnsigned().toString()));
    const work = Promise.all(earlier).then(() => this.#call(id, sequence, call));
    this.#running.set(name, work);
    void work.finally(() => {
      this.#running.delete(name);
      this.#dropped.delete(name);
    });
  }

  async #call(id: Long, sequence: number, call: Call): Promise<void> {
    const done = await this.#do(call);
    const disturbance = done instanceof Disturbance ? done : new Disturbance({ reply: done });
    const { reply, delayMs, cut } = disturbance;
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    if (cut === "instead") this.#link.cut();
    else if (this.#disturb(id, sequence, disturbance)) this.#states.delete(id.toString());
    else if (reply !== undefined) this.#reply(id, call, reply, cut === "within");
  }

  async #do(call: Call): Promise<Reply | RpcError | Disturbance> {
    const { caller, handler } = this.#link;
    if (caller.key.isDuplicated) return new RpcError(406, "AUTH_KEY_DUPLICATED");
    if (caller.key.layer === 0) return new RpcError(400, "CONNECTION_NOT_INITED");
    try {
      return await handler.call(call, caller);
    } catch (error) {
      return error instanceof RpcError ? error : failure(call, error);
    }
  }

  /** @returns true if the client is to send its call again */
  #disturb(id: Long, sequence: number, { effect }: Disturbance): boolean {
    const { key } = this.#link.caller;
    switch (effect) {
      case "bad-salt":
        key.salt = randomLong();
        this.#tellSalt(id, sequence);
        return true;
      case "clock":
        this.#link.skew();
        this.#refuse(id, sequence, ID_TOO_LOW);
        return true;
      case "forget-key":
        key.isForgotten = true;
        this.#link.refuseKey();
        return true;
      case "updates":
        this.#tell({
          _: "updateShort",
          update: { _: "updateConfig" },
          date: Math.floor(this.#link.now() / 1000),
        });
        this.#tell({ _: "updatesTooLong" });
        return false;
      case "unknown-constructor":
        this.#send(writeNumbers(UNKNOWN, 1, 2, 3), false);
        return false;
      case undefined:
        return false;
    }
  }

  #reply(id: Long, call: Call, reply: Reply | RpcError, isTorn: boolean): void {
    this.#states.set(id.toString(), ANSWERED);
    if (this.#dropped.has(id.toString())) return;
    let result: Buffer;
    try {
      const isRefusal = reply instanceof RpcError;
      result = isRefusal ? write(rpcError(reply)) : writeReply(reply, this.#link.caller.key.layer);
    } catch (error) {
      result = write(rpcError(failure(call, error)));
    }
    this.#answer(id, result, isTorn);
  }

  #answer(id: Long, result: Buffer, isTorn = false): void {
    this.#send(Buffer.concat([writeNumbers(RPC_RESULT, id), result]), true, true, isTorn);
  }

  #refuse(badMsgId: Long, badMsgSeqno: number, errorCode: number): void {
    this.#tell({ _: "mt_bad_msg_notification", badMsgId, badMsgSeqno, errorCode }, false, false);
  }

  #tellSalt(badMsgId: Long, badMsgSeqno: number): void {
    const newServerSalt = this.#link.caller.key.salt;
    this.#tell(
      { _: "mt_bad_server_salt", badMsgId, badMsgSeqno, errorCode: WRONG_SALT, newServerSalt },
      false,
      false,
    );
  }

  #tell(object: tl.TypeUpdates | mtp.TlObject, isAnswer = false, isContent = true): void {
    this.#send(write(object, this.#link.caller.key.layer), isAnswer, isContent);
  }

  /** @param isContent whether the client is to acknowledge it */
  #send(body: Uint8Array, isAnswer: boolean, isContent = true, isTorn = false): void {
    const sequence = this.#sequence * 2 + (isContent ? 1 : 0);
    if (isContent) this.#sequence += 1;
    const { salt } = this.#link.caller.key;
    this.#link.send({ salt, session: this.#id, id: this.#link.ids.next(isAnswer), sequence, body }, isTorn);
  }
}

/** Says what is wrong with the stand-in itself. */
function failure(call: Call, error: unknown): RpcError {
  console.error(`The stand-in for Telegram failed at ${call._}:`, error);
  return new RpcError(500, "INTERNAL");
}

const randomLong = (): Long => Long.fromBytesLE([...createCrypto().randomBytes(8)]);

const rpcError = ({ code, text }: RpcError): mtp.RawMt_rpc_error => ({
  _: "mt_rpc_error",
  errorCode: code,
  errorMessage: text,
});
