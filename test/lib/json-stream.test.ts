import { describe, expect, it } from "vitest";
import { writeJson } from "../../src/lib/json-stream.ts";

const LONG = "x".repeat(70_000);

async function* itemsThat(fail: boolean, ...items: string[]): AsyncGenerator<string> {
  yield* items;
  if (fail) throw new Error("The next item cannot be read");
}

describe("JSON of items that are read one by one", () => {
  it("is a text while it is short", async () => {
    expect(await writeJson({ total: 2 }, "items", itemsThat(false, "a", "b"))).toBe(
      '{"total":2,"items":["a","b"]}',
    );
    expect(await writeJson({}, "items", itemsThat(false))).toBe('{"items":[]}');
  });

  it("is a stream when it is long", async () => {
    const written = await writeJson({ total: 3 }, "items", itemsThat(false, LONG, LONG, LONG));
    expect(written).toBeInstanceOf(ReadableStream);
    expect(await new Response(written).json()).toEqual({ total: 3, items: [LONG, LONG, LONG] });
  });

  it("fails before the answer while it is short, and breaks the stream later", async () => {
    await expect(writeJson({}, "items", itemsThat(true, "a"))).rejects.toThrow("cannot be read");
    const written = await writeJson({}, "items", itemsThat(true, LONG, LONG, LONG));
    await expect(new Response(written).text()).rejects.toThrow("cannot be read");
  });
});
