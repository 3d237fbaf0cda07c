import { crc32 } from "node:zlib";
import type { IAesCtr } from "@mtcute/core/utils.js";
import { createCrypto } from "./crypto.ts";

/** Of a packet, in bytes: a part of an upload has half a megabyte. */
const MAX_LENGTH = 2 * 1024 * 1024;

/** Bytes that wait to be read. All work on them is linear, however small the chunks are. */
class ByteQueue {
  #bytes = Buffer.alloc(1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) {
      const isRoomy = (this.length + chunk.length) * 2 <= this.#bytes.length;
      const room = isRoomy ? this.#bytes : Buffer.alloc((this.length + chunk.length) * 2);
      this.#bytes.copy(room, 0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      this.#bytes = room;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** What comes next, which stays: less, if there is less. */
  peek(length: number): Buffer {
    return this.#bytes.subarray(this.#start, Math.min(this.#start + length, this.#end));
  }

  take(length: number): Buffer {
    const taken = Buffer.from(this.peek(length));
    this.#start += taken.length;
    return taken;
  }
}

interface Codec {
  /** Where the next packet lies in what has come: undefined until that is known. */
  next(bytes: ByteQueue): { header: number; length: number; trailer?: number } | undefined;
  /** @throws {Error} if the trailer says that the packet is broken */
  check?(packet: Buffer, header: Buffer, trailer: Buffer): void;
  wrap(packet: Uint8Array): Uint8Array[];
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** The length in words of four bytes. The highest bit asks for a quick acknowledgement: none is given. */
const abridged: Codec = {
  next(bytes) {
    const [first] = bytes.peek(1);
    if (first === undefined) return undefined;
    const words = first & 0x7f;
    if (words < 0x7f) return { header: 1, length: words * 4 };
    return bytes.length < 4 ? undefined : { header: 4, length: bytes.peek(4).readUIntLE(1, 3) * 4 };
  },
  wrap(packet) {
    const words = packet.length / 4;
    return [words < 0x7f ? Buffer.of(words) : uint32(0x7f | (words << 8)), packet];
  },
};

/** The length in four bytes. */
const intermediate: Codec = {
  next(bytes) {
    if (bytes.length < 4) return undefined;
    return { header: 4, length: bytes.peek(4).readUInt32LE() & 0x7fffffff };
  },
  wrap: (packet) => [uint32(packet.length), packet],
};

/** The length of all, a count, the packet, and a checksum. */
function full(): Codec {
  let received = 0;
  let sent = 0;
  return {
    next(bytes) {
      if (bytes.length < 8) return undefined;
      return { header: 8, length: bytes.peek(4).readUInt32LE() - 12, trailer: 4 };
    },
    check(packet, header, trailer) {
      if (header.readUInt32LE(4) !== received) throw new Error("A packet is out of order");
      if (crc32(packet, crc32(header)) !== trailer.readUInt32LE()) throw new Error("A packet is broken");
      received += 1;
    },
    wrap(packet) {
      const header = Buffer.concat([uint32(packet.length + 12), uint32(sent)]);
      sent += 1;
      return [header, packet, uint32(crc32(packet, crc32(header)))];
    },
  };
}

/** By the tag that a connection begins with; of the abridged one this is its only byte, four times. */
const codecs = new Map([
  [0xefefefef, abridged],
  [0xeeeeeeee, intermediate],
  // Padding comes after what its receiver reads.
  [0xdddddddd, intermediate],
]);

/** Packets of one connection, in the transport that the client has chosen. */
export class Framing {
  #bytes = new ByteQueue();
  #codec: Codec | undefined;
  #decipher: IAesCtr | undefined;
  #cipher: IAesCtr | undefined;

  /**
   * Takes what has come.
   * @returns the packets that are complete by it
   * @throws {Error} for bytes that no client sends
   */
  receive(chunk: Uint8Array): Buffer[] {
    this.#bytes.push(this.#decipher?.process(chunk) ?? chunk);
    this.#codec ??= this.#open();
    const packets: Buffer[] = [];
    for (;;) {
      const packet = this.#codec && this.#take(this.#codec);
      if (!packet) return packets;
      packets.push(packet);
    }
  }

  /** @returns the packet as it is sent. Each is sent once, in this order. */
  wrap(packet: Uint8Array): Uint8Array {
    if (!this.#codec) throw new Error("The client has not chosen its transport");
    const whole = Buffer.concat(this.#codec.wrap(packet));
    return this.#cipher?.process(whole) ?? whole;
  }

  #take(codec: Codec): Buffer | undefined {
    const next = codec.next(this.#bytes);
    if (!next) return undefined;
    const { header, length, trailer = 0 } = next;
    if (length < 4 || length > MAX_LENGTH) throw new Error("A packet has no such length");
    if (this.#bytes.length < header + length + trailer) return undefined;
    const head = this.#bytes.take(header);
    const packet = this.#bytes.take(length);
    codec.check?.(packet, head, this.#bytes.take(trailer));
    return packet;
  }

  /** Reads which transport the client has chosen, once that can be known. */
  #open(): Codec | undefined {
    const bytes = this.#bytes;
    if (bytes.peek(1)[0] === 0xef) {
      bytes.take(1);
      return abridged;
    }
    if (bytes.length < 8) return undefined;
    const plain = codecs.get(bytes.peek(4).readUInt32LE());
    if (plain) {
      bytes.take(4);
      return plain;
    }
    if (bytes.peek(8).readUInt32LE(4) === 0) return full();
    return bytes.length < 64 ? undefined : this.#openObfuscated();
  }

  /** The first 64 bytes hold the keys, and under them the tag. */
  #openObfuscated(): Codec {
    const head = this.#bytes.take(64);
    const back = Buffer.from(head.subarray(8, 56)).reverse();
    this.#decipher = createCrypto().createAesCtr(head.subarray(8, 40), head.subarray(40, 56), false);
    this.#cipher = createCrypto().createAesCtr(back.subarray(0, 32), back.subarray(32, 48), true);
    const tag = Buffer.from(this.#decipher.process(head)).readUInt32LE(56);
    const codec = codecs.get(tag);
    if (!codec) throw new Error("No such transport");
    this.#bytes.push(this.#decipher.process(this.#bytes.take(this.#bytes.length)));
    return codec;
  }
}
