import { connect, type Socket } from "node:net";
import { Long } from "@mtcute/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DataCentre, startDataCentre } from "../../../dev/telegram/server.ts";
import type { AuthKey } from "../../../dev/telegram/wire/handler.ts";
import { createRsaKey } from "../../../dev/telegram/wire/key.ts";
import { Keys } from "../../../dev/telegram/wire/keys.ts";
import { Reader, readIncoming } from "../../../dev/telegram/wire/tl.ts";

const INTERMEDIATE = Buffer.from("eeeeeeee", "hex");
const keys = new Keys();
const calls: string[] = [];
let dc: DataCentre;
let key: AuthKey;

beforeAll(async () => {
  const handler = {
    call: async ({ _ }: { _: string }) => {
      calls.push(_);
      return true;
    },
  };
  dc = await startDataCentre({ id: 2, handler, keys, rsa: createRsaKey() });
  key = keys.add(2, Buffer.alloc(256, 5), Long.ONE);
});

afterAll(() => dc.close());

const packet = (bytes: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([INTERMEDIATE, length, bytes]);
};

/** @returns all that is answered until the data centre, or else the client, ends the connection */
async function answerTo(bytes: Uint8Array, isWaiting = true): Promise<Buffer> {
  const socket: Socket = connect(dc.port, dc.host);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const over = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.write(bytes);
  if (!isWaiting) socket.end();
  await over;
  return Buffer.concat(chunks);
}

/** The same, for what is answered by one packet on a connection that stays. */
function firstAnswerTo(bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(dc.port, dc.host);
  socket.write(bytes);
  return new Promise((resolve) =>
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk);
    }),
  );
}

/** What an honest client begins with. */
const REQ_PQ = Buffer.concat([
  Buffer.alloc(16),
  Buffer.from("14000000", "hex"),
  Buffer.from("f18e7ebe", "hex"),
  Buffer.alloc(16, 3),
]);

it.each([
  ["no transport", Buffer.alloc(64, 0x55)],
  ["a huge length", Buffer.concat([INTERMEDIATE, Buffer.from("ffffff7f", "hex")])],
  ["a packet without a key and without anything else", packet(Buffer.alloc(8))],
  [
    "a plain packet that is no step of the exchange",
    packet(Buffer.concat([Buffer.alloc(20), Buffer.from("ec77be7a", "hex"), Buffer.alloc(8)])),
  ],
  [
    "a step out of order",
    packet(Buffer.concat([Buffer.alloc(20), Buffer.from("1f5f04f5", "hex"), Buffer.alloc(36)])),
  ],
])("%s ends its connection, and nothing else", async (_, bytes) => {
  expect(await answerTo(bytes)).toHaveLength(0);
  expect((await firstAnswerTo(packet(REQ_PQ))).readUInt32LE(24)).toBe(0x05162463);
});

it.each([
  ["a wrong msg_key", Buffer.alloc(16 + 64, 9)],
  ["nothing after the msg_key", Buffer.alloc(16)],
  ["half a block", Buffer.alloc(16 + 8)],
])("a message with a key and %s ends its connection", async (_, rest) => {
  expect(await answerTo(packet(Buffer.concat([Buffer.from(key.id, "hex"), rest])))).toHaveLength(0);
  expect(key).toMatchObject({ isForgotten: false, open: 0 });
});

it("a vector of four thousand million is refused before it is read", () => {
  const ack = Buffer.from("59b4d66215c4b51cffffffff", "hex");
  expect(() => readIncoming(new Reader(ack))).toThrow("Too long a vector");
});

it("a text that ends after the packet is refused", () => {
  const sendCode = Buffer.from("4f2477a6fe00ffff", "hex");
  expect(() => readIncoming(new Reader(sendCode))).toThrow("It ends too early");
});

it("a key that nobody has is answered with -404", async () => {
  expect((await firstAnswerTo(packet(Buffer.alloc(120, 1)))).readInt32LE(4)).toBe(-404);
});

it("a truncated packet is waited for, and is nothing when the client goes", async () => {
  expect(await answerTo(packet(REQ_PQ).subarray(0, 30), false)).toHaveLength(0);
});

it("no bytes ever reach the world or end the data centre", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        Buffer.alloc(0),
        INTERMEDIATE,
        Buffer.of(0xef),
        Buffer.from(`eeeeeeee40000000${key.id}`, "hex"),
      ),
      fc.uint8Array({ maxLength: 200 }),
      async (head, bytes) => {
        await answerTo(Buffer.concat([head, bytes]), false);
      },
    ),
    { numRuns: 60 },
  );
  expect(calls).toEqual([]);
  expect(key.open).toBe(0);
  expect((await firstAnswerTo(packet(REQ_PQ))).readUInt32LE(24)).toBe(0x05162463);
});
