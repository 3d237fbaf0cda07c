import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type MessagePlace, messageId, placeOf } from "../../src/hub/chat/message-ids.ts";

const place: fc.Arbitrary<MessagePlace> = fc.record({
  at: fc.maxSafeNat().map((ms) => ms % 2 ** 48),
  seq: fc.maxSafeNat().map((seq) => seq % 2 ** 34),
  roomKey: fc.maxSafeNat().map((key) => key % 2 ** 40),
});

it("an id leads back to its place, and is a UUIDv8 in lower case", () => {
  fc.assert(
    fc.property(place, (each) => {
      const id = messageId(each);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(placeOf(id)).toEqual(each);
    }),
  );
});

it("the ends of each number lead back, too", () => {
  for (const at of [0, 2 ** 48 - 1])
    for (const seq of [0, 2 ** 22 - 1, 2 ** 22, 2 ** 34 - 1])
      for (const roomKey of [0, 2 ** 40 - 1])
        expect(placeOf(messageId({ at, seq, roomKey }))).toEqual({ at, seq, roomKey });
});

it("ids are in the order of time, and within a millisecond in that of positions", () => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      const isBefore = a.at < b.at || (a.at === b.at && a.seq < b.seq);
      if (isBefore) expect(messageId(a) < messageId(b)).toBe(true);
      const next = { ...a, seq: (a.seq + 1) % 2 ** 34 };
      expect(messageId(a) < messageId(next)).toBe(a.seq < next.seq);
    }),
  );
});

it("other UUIDs have no place", () => {
  fc.assert(
    fc.property(fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7] }), (id) => {
      expect(placeOf(id)).toBe(null);
    }),
  );
  for (const id of ["", "x", "00000000-0000-8000-4000-000000000000", "00000000-0000-8000-c000-000000000000"])
    expect(placeOf(id)).toBe(null);
});
