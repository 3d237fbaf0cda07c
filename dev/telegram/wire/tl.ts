import { gzipSync, unzipSync } from "node:zlib";
import { Long, type mtp, type tl } from "@mtcute/core";
import {
  __tlReaderMap,
  __tlWriterMap,
  TlBinaryReader,
  TlBinaryWriter,
  type TlWriterMap,
} from "@mtcute/core/utils.js";
import type { Call, Reply } from "./handler.ts";
import { type Field, methods } from "./schema.ts";

const GZIP_PACKED = 0x3072cfa1;
const VECTOR = 0x1cb5c415;
const TRUE = 0x997275b5;
const FALSE = 0xbc799737;

/** What a gzip may unpack to: against bombs. */
const MAX_UNPACKED = 4 * 1024 * 1024;
/** Answers above are packed. */
const GZIP_ABOVE = 4096;

/** What a client may send: a method with what wraps it, a service message, or an object such as `mt_msgs_ack`. */
export type Incoming = Call | mtp.TlObject;

/** Reads what hostile clients send: mtcute's own reader trusts lengths. */
export class Reader extends TlBinaryReader {
  /** How often it was packed. */
  readonly depth: number;

  constructor(data: Uint8Array, start = 0, depth = 0) {
    super(__tlReaderMap, data, start);
    this.depth = depth;
  }

  get end(): number {
    return this.uint8View.length;
  }

  #need(length: number): void {
    if (this.pos + length > this.end) throw new RangeError("It ends too early");
  }

  override raw(length = this.end - this.pos): Uint8Array {
    this.#need(length);
    return super.raw(length);
  }

  override int128(): Uint8Array {
    return this.raw(16);
  }

  override int256(): Uint8Array {
    return this.raw(32);
  }

  override bytes(): Uint8Array {
    this.#need(4);
    return super.bytes();
  }

  override vector(read?: (id?: number) => unknown, bare = false): unknown[] {
    const at = this.pos + (bare ? 0 : 4);
    // Every item has at least four bytes.
    if (this.dataView.getUint32(at, true) > (this.end - at) / 4) throw new RangeError("Too long a vector");
    return super.vector(read, bare);
  }
}

/** @throws {Error} for what is no gzip, and for too much */
function unpacked(reader: Reader): Reader {
  if (reader.depth > 1) throw new Error("Packed too often");
  reader.uint();
  const data = unzipSync(reader.bytes(), { maxOutputLength: MAX_UNPACKED });
  return new Reader(data, 0, reader.depth + 1);
}

const primitives: Record<string, (reader: Reader) => unknown> = {
  int: (reader) => reader.int(),
  int53: (reader) => reader.int53(),
  long: (reader) => reader.long(),
  double: (reader) => reader.double(),
  string: (reader) => reader.string(),
  bytes: (reader) => reader.bytes(),
  int128: (reader) => reader.int128(),
  int256: (reader) => reader.int256(),
  Bool: (reader) => reader.boolean(),
  "!X": readIncoming,
};

/**
 * Reads a call with what wraps it, or a service message.
 * @throws {TlUnknownObjectError} for a constructor that is not in the schema
 * @throws {Error} for what is malformed
 */
export function readIncoming(reader: Reader): Incoming {
  if (reader.peekUint() === GZIP_PACKED) return readIncoming(unpacked(reader));
  const method = methods.get(reader.peekUint());
  // The reader knows only objects of the schema.
  if (!method) return reader.object() as Incoming;
  reader.uint();
  return { _: method.name, ...readFields(reader, method.fields) } as Incoming;
}

function readFields(reader: Reader, fields: Field[]): Record<string, unknown> {
  const flags: Record<string, number> = {};
  const found: Record<string, unknown> = {};
  for (const { name, type, flag, isVector } of fields) {
    const isThere = !flag || ((flags[flag[0]] ?? 0) & (1 << flag[1])) !== 0;
    if (type === "#") flags[name] = reader.uint();
    else if (type === "true") found[name] = isThere;
    else if (isThere) {
      const read = primitives[type] ?? ((from) => from.object());
      found[name] = isVector ? reader.vector(() => read(reader)) : read(reader);
    }
  }
  return found;
}

/** @returns the writer of a class under another constructor id: only fields that may be absent were added to it */
const renamed =
  (name: string, id: number): TlWriterMap[string] =>
  (writer, value) => {
    const start = writer.pos;
    writers[name]?.(writer, value);
    // Not in the pass that counts bytes.
    if (writer instanceof TlBinaryWriter) writer.dataView.setUint32(start, id, true);
  };

const writers: TlWriterMap = __tlWriterMap;
/** Of what is answered, two classes have changed in layer 228: each may have a `linked_community_id` at its end. */
const writers228: TlWriterMap = Object.assign({}, writers, {
  user: renamed("user", 0xb1b8cc83),
  channel: renamed("channel", 0xd49f34c6),
});

/** Writes an object as a client of that layer reads it. */
export const write = (object: tl.TlObject | mtp.TlObject, layer = 0): Buffer =>
  Buffer.from(TlBinaryWriter.serializeObject(layer >= 228 ? writers228 : writers, object));

/** Writes whole numbers of 32 bits, and longs. */
export function writeNumbers(...values: (number | Long)[]): Buffer {
  const writer = TlBinaryWriter.manual(values.length * 8);
  for (const value of values) {
    if (typeof value === "number") writer.uint(value);
    else writer.long(value);
  }
  return Buffer.from(writer.result());
}

const writeItem = (item: tl.TlObject | Long | number, layer: number): Buffer =>
  typeof item === "number" || Long.isLong(item) ? writeNumbers(item) : write(item, layer);

/** Writes what a method answers; what is long is packed. */
export function writeReply(reply: Reply, layer: number): Buffer {
  if (typeof reply === "boolean") return writeNumbers(reply ? TRUE : FALSE);
  const whole = Array.isArray(reply)
    ? Buffer.concat([writeNumbers(VECTOR, reply.length), ...reply.map((item) => writeItem(item, layer))])
    : write(reply, layer);
  if (whole.length <= GZIP_ABOVE) return whole;
  const packed = gzipSync(whole);
  const writer = TlBinaryWriter.manual(packed.length + 12);
  writer.uint(GZIP_PACKED);
  writer.bytes(packed);
  return packed.length < whole.length ? Buffer.from(writer.result()) : whole;
}
