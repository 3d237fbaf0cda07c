import fc from "fast-check";
import { expect, it } from "vitest";
import { NylasMessage, readMessage, toProviderMessage } from "../../src/ems/provider/nylas/message.ts";
import { MailHead } from "../../src/ems/sending/schemas.ts";
import { addressesIn, isAddress } from "../../src/lib/address.ts";
import { fileName, oneLine } from "../../src/lib/line.ts";
import { messageIdsIn } from "../../src/lib/message-ids.ts";
import { clampTime, toIso } from "../../src/lib/time.ts";

/** Later than now. Also used to check times. */
const RECEIVED = 2_500_000_000;

/** Text with hostile fragments. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        "\r\n",
        "\u0000",
        "\u202e",
        "\u2066",
        "\ud83d",
        "\ude00",
        "😀",
        "/",
        "\\",
        "..",
        " ",
        "x",
      ),
      fc.constantFrom(
        "<",
        ">",
        "@",
        "a@b.c",
        "Team:",
        ";",
        ",",
        '"',
        "=?utf-8?Q?=3C?=",
        "&lt;",
        "\u2028",
        "é",
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

const anything = fc.oneof(
  text,
  fc.jsonValue(),
  fc.double(),
  fc.constantFrom(null, undefined, 1e300, "3", [null]),
);
const participant = fc.record({ email: fc.oneof(text, anything), name: fc.oneof(text, anything) });
const people = fc.oneof(fc.array(participant, { maxLength: 4 }), participant, anything);

const object = fc.record(
  {
    ...{ thread_id: anything, subject: fc.oneof(text, anything), body: anything, snippet: anything },
    ...{ from: people, to: people, cc: people, bcc: people, reply_to: people, date: anything },
    folders: fc.oneof(fc.array(anything), anything),
    attachments: fc.oneof(
      fc.array(
        fc.record({
          id: fc.oneof(fc.constant("a"), anything),
          ...{ filename: fc.oneof(text, anything), content_id: text, content_type: text, size: anything },
        }),
      ),
      anything,
    ),
    headers: fc.oneof(
      fc.array(
        fc.record({
          name: fc.constantFrom("Message-ID", "References", "x"),
          value: fc.oneof(text, anything),
        }),
      ),
      anything,
    ),
  },
  { requiredKeys: [] },
);

const isLine = (value: string) => value.isWellFormed() && !/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(value);

it("a message with any field values can be read, stored, shown and replied to", () => {
  fc.assert(
    fc.property(object, (fields) => {
      const told = readMessage({ id: "m1", ...fields }, RECEIVED);
      expect(told.id).toBe("m1");
      for (const line of [told.subject, told.snippet, told.from?.email, told.from?.name])
        expect(isLine(line ?? "")).toBe(true);
      for (const list of [told.to, told.cc, told.bcc, told.reply_to]) {
        expect((list ?? []).every(({ email }) => isAddress(email))).toBe(true);
      }
      for (const file of told.attachments ?? []) {
        expect(isLine(file.filename) && !/[/\\]/.test(file.filename)).toBe(true);
        expect(isLine(file.content_id ?? "")).toBe(true);
        expect(Number.isSafeInteger(file.size_bytes) && file.size_bytes >= 0).toBe(true);
      }
      if (told.date !== undefined) expect(told.date >= 0 && told.date <= RECEIVED + 86_400).toBe(true);
      const to = [...(told.to ?? []), ...(told.reply_to ?? []), { email: "a@b.c", name: told.from?.name }];
      const answer = { to, cc: told.cc, subject: `Re: ${told.subject ?? ""}` };
      expect(MailHead().safeParse(answer).error).toBeUndefined();
      expect(() => toProviderMessage(NylasMessage().parse({ id: 1, ...fields }))).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

it("only a message without an id is refused", () => {
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, null, "", {}, [], true), (fields, id) => {
      expect(() => readMessage({ ...fields, id }, RECEIVED)).toThrow();
    }),
  );
});

it("clean values stay unchanged", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (dirty, max) => {
      const line = oneLine(dirty, max);
      expect(isLine(line) && line.length <= max).toBe(true);
      expect(oneLine(line, max)).toBe(line);
      expect(fileName(fileName(dirty))).toBe(fileName(dirty));
      for (const email of addressesIn(dirty)) expect(addressesIn(email)).toEqual([email]);
      for (const { id, written } of messageIdsIn(dirty)) {
        expect(isLine(id)).toBe(true);
        expect(messageIdsIn(`<${written.slice(1, -1)}>`)[0]?.id).toBe(id);
      }
    }),
    { numRuns: 1000 },
  );
});

it("a time is between 1970 and a day after receipt, and any stored one can be shown", () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.double(), fc.maxSafeInteger()), fc.double(), (told, stored) => {
      const time = clampTime(told, RECEIVED);
      expect(Number.isInteger(time) && time >= 0 && time <= RECEIVED + 86_400).toBe(true);
      expect(clampTime(time, RECEIVED)).toBe(time);
      expect(toIso(stored)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }),
    { numRuns: 1000 },
  );
});

it.each(["<", "<a", "@", "a@", ":a", "=?", "=?a?q?", "&lt;", '"\\', "\u202e<", "a,", "> ", "\\/", "\ud83d"])(
  "a megabyte of %j is read in linear time",
  (unit) => {
    const long = unit.repeat(Math.ceil(500_000 / unit.length));
    const participants = [{ email: long, name: long }];
    const headers = ["Message-ID", "References"].map((name) => ({ name, value: long }));
    const attachments = [{ id: "a", filename: long, content_id: long, content_type: long }];
    const fields = {
      subject: long,
      from: participants,
      to: participants,
      headers,
      attachments,
      folders: [long],
    };
    // Anything but linear time would take hours and hit the test's timeout.
    expect(readMessage({ id: "m", ...fields }, RECEIVED).subject?.length).toBeLessThanOrEqual(990);
  },
);
