/** What the id of a message says. */
export interface MessagePlace {
  /** When it was sent, in milliseconds since the epoch. */
  at: number;
  /** Its position in its room. */
  seq: number;
  /** The key of its room: see hub_rooms. */
  roomKey: number;
}

const SEQ_LOW = 2 ** 22;
const KEY_DIGITS = 10;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/**
 * The id of a message: a UUIDv8 (RFC 9562 section 5.8) of 48 bits of time, 34 of position and 40 of the room's key. So an id
 * leads to its message without an index of all messages.
 */
export function messageId({ at, seq, roomKey }: MessagePlace): string {
  const time = hex(at, 12);
  // Above the low 22 bits of the position are the two bits of the variant: 10.
  const tail = hex(0x80_0000 + (seq % SEQ_LOW), 6) + hex(roomKey, KEY_DIGITS);
  const high = hex(Math.floor(seq / SEQ_LOW), 3);
  return `${time.slice(0, 8)}-${time.slice(8)}-8${high}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** Reads an id, in lower case. @returns null for a UUID that no message has */
export function placeOf(id: string): MessagePlace | null {
  const digits = id.replaceAll("-", "");
  const tail = Number.parseInt(digits.slice(16, 22), 16) - 0x80_0000;
  if (digits.length !== 32 || digits[12] !== "8" || !(tail >= 0 && tail < SEQ_LOW)) return null;
  return {
    at: Number.parseInt(digits.slice(0, 12), 16),
    seq: Number.parseInt(digits.slice(13, 16), 16) * SEQ_LOW + tail,
    roomKey: Number.parseInt(digits.slice(22), 16),
  };
}
