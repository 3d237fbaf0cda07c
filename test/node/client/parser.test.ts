import { createParser as createReference } from "eventsource-parser";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createParser, type SentEvent } from "../../../client/parser.ts";
import { formatEvent, formatRetry, KEEPALIVE, withId } from "../../../src/lib/sse.ts";

type Told = SentEvent | number;

const parts = fc
  .array(
    fc.constantFrom(
      ..."\n \r \r\n : event data id retry x é 7 😀".split(" "),
      " ",
      "\n\n",
      "\r\n\r\n",
      "data: ",
    ),
  )
  .map((tokens) => tokens.join(""));

/** The same text in one piece, and cut where the numbers say. */
const cut = (text: string, places: number[]): string[] => {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, nth) => text.slice(start, at[nth]));
};

const read = (pieces: string[]): Told[] => {
  const told: Told[] = [];
  const parse = createParser(
    (event) => told.push(event),
    (milliseconds) => told.push(milliseconds),
  );
  for (const piece of pieces) parse(piece);
  return told;
};

const readByReference = (text: string): Told[] => {
  const told: Told[] = [];
  const parser = createReference({
    onEvent: ({ event = "", data, id = null }) => told.push({ type: event, data, id }),
    onRetry: (milliseconds) => told.push(milliseconds),
  });
  parser.feed(text);
  return told;
};

it("events are the same wherever the stream is cut, and those of another parser", () => {
  fc.assert(
    fc.property(parts, fc.array(fc.nat()), (noise, places) => {
      // A last character, since a parser may wait for the second half of a line break.
      const text = `${noise}x`;
      expect(read(cut(text, places))).toEqual(readByReference(text));
    }),
    { numRuns: 1000 },
  );
});

it("what the server writes is read as it was", () => {
  const text = `${formatRetry(1234)}${KEEPALIVE}${withId("5u.1~x", formatEvent("a.b", { text: "1\n2\r3: \u2028" }))}`;
  expect(read([text])).toEqual([
    1234,
    { type: "a.b", data: JSON.stringify({ text: "1\n2\r3: \u2028" }), id: "5u.1~x" },
  ]);
});

it("an event that is cut off before its blank line is none", () => {
  const text = withId("5u.1~x", formatEvent("a.b", {}));
  for (let length = 0; length < text.length; length++) expect(read([text.slice(0, length)])).toEqual([]);
  expect(read([text])).toHaveLength(1);
});
