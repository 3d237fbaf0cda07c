import fc from "fast-check";
import { expect, test } from "vitest";
import { Unstuffer } from "../../src/mailbox/pop3/unstuff.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As a server sends a text: RFC 1939 section 3. */
const stuffed = (text: string): string =>
  `${text.replace(/(^|\n)\./g, "$1..")}${text === "" || text.endsWith("\r\n") ? "" : "\r\n"}.\r\n`;

/** What is read when the response comes in pieces of these lengths. */
function unstuffed(response: string, lengths: number[]): { text: string; rest: string | null } {
  const unstuffer = new Unstuffer();
  const bytes = bytesOf(response);
  const decoder = new TextDecoder();
  let text = "";
  let nth = 0;
  for (let at = 0; at < bytes.length; nth++) {
    const length = lengths[nth % lengths.length] ?? 1;
    const { text: piece, rest } = unstuffer.write(bytes.subarray(at, at + length));
    text += decoder.decode(piece, { stream: true });
    at += length;
    if (rest) return { text, rest: decoder.decode(rest) + new TextDecoder().decode(bytes.subarray(at)) };
  }
  return { text, rest: null };
}

/** Lines of dots, ends of lines and little else. */
const texts = fc.array(fc.constantFrom(".", "..", "\r\n", "\n", "\r", "a", "é", ".\r", "\r\n.\r"), {
  maxLength: 40,
});

test("any text is the same however the packets are cut, and what follows it is left", () => {
  fc.assert(
    fc.property(
      texts,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
      (pieces, lengths) => {
        // A line of one dot that LF alone ends is the end for servers that write so.
        const text = `${pieces.join("").replaceAll(/(?<!\r)\n/g, "\r\n")}\r\n`;
        expect(unstuffed(`${stuffed(text)}+OK next\r\n`, lengths)).toEqual({ text, rest: "+OK next\r\n" });
      },
    ),
    { numRuns: 2000 },
  );
});

test("a response is cut at each byte", () => {
  const text = "Subject: x\r\n\r\n.\r\n..\r\n.dot\r\nend.\r\n.\r\r\n";
  const response = stuffed(text);
  for (let cut = 1; cut < response.length; cut++)
    expect(unstuffed(response, [cut, response.length])).toEqual({ text, rest: "" });
});

test("a response whose lines end with LF alone ends too", () => {
  expect(unstuffed("a\n..b\n.\n+OK", [1])).toEqual({ text: "a\n.b\n", rest: "+OK" });
});

test("a response without an end is not over", () => {
  expect(unstuffed("a\r\n.", [1])).toEqual({ text: "a\r\n", rest: null });
  expect(unstuffed("a\r\n.\r", [1])).toEqual({ text: "a\r\n", rest: null });
});
