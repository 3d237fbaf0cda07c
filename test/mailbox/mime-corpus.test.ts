import { describe, expect, it, test } from "vitest";
import { toHex } from "../../src/lib/hex.ts";
import { decodeBytes } from "../../src/mailbox/mime/decode.ts";
import { parseMessage, partBytes } from "../../src/mailbox/mime/message.ts";
import corpus from "../fixtures/mime/corpus.json";
import differences from "../fixtures/mime/differences.json";

// What our parser makes of mails is compared with what Python's makes of them: see corpus.py. Where they differ on
// purpose, differences.json says why, and has our result.

const FACTS = ["subject", "from", "to", "cc", "parts", "text", "html"] as const;

type Facts = Record<(typeof FACTS)[number], unknown>;
type Differences = Record<string, Partial<Record<(typeof FACTS)[number], { why: string; ours: unknown }>>>;

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

/** The same facts as corpus.py writes. Of an embedded message Python keeps no bytes. */
async function factsOf(raw: Uint8Array): Promise<Facts> {
  const { found, text, html } = parseMessage(raw);
  const parts = found.parts.map(async ({ part, type, filename, encoding }) => {
    const content = decodeBytes(partBytes(raw, { part }), encoding);
    const isKept = !type.startsWith("message/");
    const size = isKept ? content.length : null;
    return { part, type, filename, size, sha256: isKept ? await sha256(content) : null };
  });
  const { subject, from, to, cc } = found;
  const senders = [from].filter(({ name, address }) => name !== "" || address !== "");
  return { subject, from: senders, to, cc, parts: await Promise.all(parts), text, html };
}

describe.each(corpus.map(({ name, raw, expected }) => [name, bytesOf(raw), expected] as const))(
  "%s",
  (name, raw, expected) => {
    it("is what Python's parser makes of it, but for what is explained", async () => {
      const ours = await factsOf(raw);
      for (const fact of FACTS) {
        const difference = (differences as Differences)[name]?.[fact];
        expect(ours[fact], difference?.why ?? fact).toEqual(difference ? difference.ours : expected[fact]);
        // An explanation goes when there is nothing left to explain.
        if (difference) expect(ours[fact]).not.toEqual(expected[fact]);
      }
    });

    it("has embedded messages that can be read themselves", () => {
      for (const { type, part, filename } of parseMessage(raw).found.parts) {
        if (type !== "message/rfc822") continue;
        const { found } = parseMessage(partBytes(raw, { part }));
        expect(filename).toBe(found.subject === "" ? null : `${found.subject}.eml`);
      }
    });
  },
);

test("every explanation is of a mail in the corpus", () => {
  const names = corpus.map(({ name }) => name);
  expect(Object.keys(differences).filter((name) => !names.includes(name))).toEqual([]);
});

test("a text file keeps its line ends, and no part has the line end before its boundary", () => {
  const made = corpus.find(({ name }) => name === "made/alternative-related-attachments")!;
  const raw = bytesOf(made.raw);
  const csv = parseMessage(raw).found.parts.find(({ filename }) => filename === "prices.csv")!;
  expect(new TextDecoder().decode(partBytes(raw, csv))).toBe("a;b\r\n1;2\r\n");
});
