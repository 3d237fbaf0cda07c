import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCrypto } from "../../../dev/telegram/wire/crypto.ts";
import { Framing } from "../../../dev/telegram/wire/framing.ts";

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** Long buffers compare faster as text. */
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const abridged = (packet: Uint8Array) => {
  const words = packet.length / 4;
  return Buffer.concat([words < 127 ? Buffer.of(words) : uint32(127 | (words << 8)), packet]);
};
const intermediate = (packet: Uint8Array) => Buffer.concat([uint32(packet.length), packet]);
const full = (packet: Uint8Array, count: number) => {
  const whole = Buffer.concat([uint32(packet.length + 12), uint32(count), packet]);
  return Buffer.concat([whole, uint32(crc32(whole))]);
};

/** What a client begins with, how it writes a packet, and the tag under obfuscation. */
const transports = {
  abridged: { head: Buffer.of(0xef), wrap: abridged, tag: 0xefefefef },
  intermediate: { head: uint32(0xeeeeeeee), wrap: intermediate, tag: 0xeeeeeeee },
  "padded intermediate": { head: uint32(0xdddddddd), wrap: intermediate, tag: 0xdddddddd },
  full: { head: Buffer.alloc(0), wrap: full, tag: undefined },
};

/** The client's end of an obfuscated connection. */
function obfuscate(tag: number) {
  const head = Buffer.concat([Buffer.alloc(56, 7), uint32(tag), Buffer.alloc(4, 9)]);
  const back = Buffer.from(head.subarray(8, 56)).reverse();
  const cipher = createCrypto().createAesCtr(head.subarray(8, 40), head.subarray(40, 56), true);
  const decipher = createCrypto().createAesCtr(back.subarray(0, 32), back.subarray(32, 48), false);
  const hidden = Buffer.from(cipher.process(head)).subarray(56);
  return {
    head: Buffer.concat([head.subarray(0, 56), hidden]),
    encrypt: (bytes: Uint8Array) => Buffer.from(cipher.process(bytes)),
    decrypt: (bytes: Uint8Array) => Buffer.from(decipher.process(bytes)),
  };
}

const packet = fc
  .oneof(fc.nat({ max: 40 }), fc.integer({ min: 120, max: 140 }), fc.constant(70_000))
  .chain((words) => fc.nat({ max: 255 }).map((byte) => Buffer.alloc((words + 1) * 4, byte)));

/** Cuts bytes into pieces of the sizes, again and again. */
function chunks(bytes: Buffer, sizes: number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cut.at(-1)!.length) {
    cut.push(bytes.subarray(at, at + sizes[cut.length % sizes.length]!));
  }
  return cut;
}

const receive = (bytes: Buffer, sizes: number[]) => {
  const framing = new Framing();
  return { framing, packets: chunks(bytes, sizes).flatMap((chunk) => framing.receive(chunk)) };
};

describe.each(Object.entries(transports))("the %s transport", (_, { head, wrap, tag }) => {
  it("gives the same packets however their bytes come", () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }),
        (sent, sizes) => {
          const { packets } = receive(Buffer.concat([head, ...sent.map(wrap)]), sizes);
          expect(packets.map(hex)).toEqual(sent.map(hex));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is the same under obfuscation, both ways", () => {
    if (tag === undefined) return;
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 3 }), fc.integer({ min: 1, max: 100 }), (sent, size) => {
        const client = obfuscate(tag);
        const bytes = Buffer.concat([client.head, client.encrypt(Buffer.concat(sent.map(wrap)))]);
        const { framing, packets } = receive(bytes, [size]);
        expect(packets.map(hex)).toEqual(sent.map(hex));
        const back = Buffer.concat(sent.map((one) => framing.wrap(one)));
        expect(hex(client.decrypt(back))).toBe(hex(Buffer.concat(sent.map(wrap))));
      }),
      { numRuns: 20 },
    );
  });

  it("answers as it is spoken to", () => {
    const { framing } = receive(Buffer.concat([head, wrap(Buffer.alloc(8), 0)]), [1000]);
    expect(framing.wrap(Buffer.alloc(800, 1))).toEqual(wrap(Buffer.alloc(800, 1), 0));
  });
});

describe("what no client sends", () => {
  it.each([
    ["an abridged packet of nothing", Buffer.of(0xef, 0)],
    ["an abridged packet of 64 MB", Buffer.of(0xef, 0x7f, 0xff, 0xff, 0xff)],
    ["a packet of nothing", Buffer.concat([uint32(0xeeeeeeee), Buffer.alloc(8)])],
    ["a packet of 1 GB", Buffer.concat([uint32(0xeeeeeeee), uint32(0x40000000)])],
    ["a full packet of less than its own head", Buffer.concat([uint32(4), uint32(0)])],
    ["a full packet of 4 GB", Buffer.concat([uint32(0xffffffff), uint32(0)])],
    ["a full packet with a wrong checksum", Buffer.concat([uint32(16), uint32(0), Buffer.alloc(8)])],
    ["a full packet out of order", Buffer.concat([full(Buffer.alloc(4), 0), full(Buffer.alloc(4), 5)])],
    ["64 bytes that hide no tag", Buffer.alloc(64, 0x55)],
  ])("%s is refused", (_, bytes) => {
    expect(() => receive(bytes, [64])).toThrow();
  });

  it("is never more than an error, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 64 }), (bytes, size) => {
        try {
          for (const one of receive(Buffer.from(bytes), [size]).packets)
            expect(one.length).toBeGreaterThan(3);
        } catch (error) {
          expect((error as Error).message).toMatch(/packet|transport/);
        }
      }),
    );
  });
});
