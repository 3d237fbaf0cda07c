import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryIdOf, messageIdOf, uuidv7 } from "../../src/lib/ids.ts";

const user = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("an entry id", () => {
  it("maps back to its message for its user only", () => {
    fc.assert(
      fc.property(user, user, (mine, theirs) => {
        const message = uuidv7();
        const entry = entryIdOf(mine, message);
        expect(entry).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(messageIdOf(mine, entry)).toBe(message);
        if (mine !== theirs) expect(messageIdOf(theirs, entry)).not.toBe(message);
      }),
    );
  });
});

describe("a new id", () => {
  it("is a lower-case UUIDv7 of this millisecond", () => {
    const before = Date.now();
    const id = uuidv7();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const ms = Number.parseInt(id.replace("-", "").slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now());
  });

  it("is unique", () => {
    expect(new Set(Array.from({ length: 10_000 }, uuidv7)).size).toBe(10_000);
  });
});
