import { Long } from "@mtcute/core";
import { createAesIgeForMessage } from "@mtcute/core/utils.js";
import { createCrypto } from "./crypto.ts";
import type { AuthKey } from "./handler.ts";

/** What a client and a data centre tell each other under their key. */
export interface Message {
  salt: Long;
  session: Long;
  id: Long;
  sequence: number;
  body: Uint8Array;
}

/** Before a message lie the id of its key and a hash of both. */
const HEAD = 24;
/** Before its body lie salt, session, id, sequence and length. */
const FIELDS = 32;

const longAt = (bytes: Uint8Array, at: number, isUnsigned = false): Long =>
  Long.fromBytesLE([...bytes.subarray(at, at + 8)], isUnsigned);

/** @param part of the key: 88 for what a client writes, 96 for what it reads */
const messageKey = (key: AuthKey, part: 88 | 96, padded: Uint8Array): Uint8Array =>
  createCrypto()
    .sha256(Buffer.concat([key.secret.subarray(part, part + 32), padded]))
    .subarray(8, 24);

/** The id in hex of the key that a packet is encrypted with; null for what is sent in plain text before there is a key. */
export function keyIdOf(packet: Uint8Array): string | null {
  const id = Buffer.from(packet.subarray(0, 8)).toString("hex");
  return /^0+$/.test(id) ? null : id;
}

/**
 * Reads a packet of a client.
 * @throws {Error} if it was not written with the key, or is malformed
 */
export function decrypt(key: AuthKey, packet: Uint8Array): Message {
  // A padded transport leaves up to 15 bytes at the end.
  const length = (packet.length - HEAD) & ~15;
  if (length < FIELDS) throw new Error("Too short a message");
  const hash = packet.subarray(8, HEAD);
  const cipher = createAesIgeForMessage(createCrypto(), key.secret, hash, true);
  const padded = Buffer.from(cipher.decrypt(packet.subarray(HEAD, HEAD + length)));
  if (!messageKey(key, 88, padded).every((byte, at) => byte === hash[at])) throw new Error("Wrong msg_key");
  const size = padded.readUInt32LE(28);
  const padding = padded.length - FIELDS - size;
  if (size % 4 !== 0 || padding < 12 || padding > 1024) throw new Error("Wrong length of a message");
  return {
    salt: longAt(padded, 0),
    session: longAt(padded, 8),
    id: longAt(padded, 16, true),
    sequence: padded.readUInt32LE(24),
    body: padded.subarray(FIELDS, FIELDS + size),
  };
}

/** Writes a packet for a client. */
export function encrypt(key: AuthKey, { salt, session, id, sequence, body }: Message): Uint8Array {
  const crypto = createCrypto();
  const head = Buffer.concat([salt, session, id].map((long) => Buffer.from(long.toBytesLE())));
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(sequence);
  counts.writeUInt32LE(body.length, 4);
  const padding = crypto.randomBytes(12 + (((-(FIELDS + body.length + 12) % 16) + 16) % 16));
  const padded = Buffer.concat([head, counts, body, padding]);
  const hash = messageKey(key, 96, padded);
  const cipher = createAesIgeForMessage(crypto, key.secret, hash, false);
  return Buffer.concat([Buffer.from(key.id, "hex"), hash, cipher.encrypt(padded)]);
}

/** Makes ids of messages: they hold the time, and always grow. */
export class MessageIds {
  readonly #now: () => number;
  #last = Long.UZERO;

  /** @param now in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param isAnswer whether it answers a message of the client */
  next(isAnswer: boolean): Long {
    const now = this.#now();
    const fraction = Math.floor(((now % 1000) / 1000) * 2 ** 32);
    const due = new Long(fraction & ~3, Math.floor(now / 1000), true);
    this.#last = due.gt(this.#last) ? due : this.#last.add(4);
    return this.#last.add(isAnswer ? 1 : 3);
  }
}
