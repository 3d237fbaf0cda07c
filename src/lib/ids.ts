import { toHex } from "./hex.ts";

const toUuid = (digits: string): string =>
  `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;

/**
 * A new time-ordered id (RFC 9562 section 5.7).
 * @returns a lower-case UUIDv7
 */
export function uuidv7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  const ms = Date.now();
  view.setUint32(0, Math.floor(ms / 0x10000));
  view.setUint16(4, ms % 0x10000);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return toUuid(toHex(bytes));
}

// splitmix64's finaliser: a bijection, so two users never share a mask.
function mix(value: bigint): bigint {
  let z = BigInt.asUintN(64, value + 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

const VERSION_AND_VARIANT = (0xfn << 76n) | (0x3n << 62n);
const PAYLOAD = ((1n << 128n) - 1n) ^ VERSION_AND_VARIANT;

// A page needs the same user's mask many times.
let last = { userId: Number.NaN, pad: 0n };

function padOf(userId: number): bigint {
  if (last.userId !== userId) {
    const user = BigInt(userId);
    last = { userId, pad: (mix(user) << 64n) | mix(user ^ 0x5851f42d4c957f2dn) };
  }
  return last.pad;
}

function mask(userId: number, uuid: string, version: bigint): string {
  const id = BigInt(`0x${uuid.replaceAll("-", "")}`);
  const bits = ((id ^ padOf(userId)) & PAYLOAD) | (version << 76n) | (0x2n << 62n);
  return toUuid(bits.toString(16).padStart(32, "0"));
}

/**
 * The id of a user's inbox entry for a message: the message's id, masked per user. So an entry has an id before it has
 * a row, and the id is useless to other users.
 * @param messageId a UUIDv7
 * @returns a UUIDv8
 */
export const entryIdOf = (userId: number, messageId: string): string => mask(userId, messageId, 8n);

/**
 * Undoes `entryIdOf`.
 * @returns the message's id; for the entry id of another user, an id without a message
 */
export const messageIdOf = (userId: number, entryId: string): string => mask(userId, entryId, 7n);
