import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { caseText } from "../support/case-text.ts";
import { caseObjects, postNotification } from "../support/cases.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { headerOf, storedMail } from "../support/nylas.ts";
import { waitFor } from "../support/wait.ts";

// Hostile and broken mail, posted to the webhook unchanged.

type Fields = Record<string, unknown>;

let client: Client;
let box: AccountResponse & { grant_id: string };
/**
 * Replies come from a second mailbox. The stand-in has none of these mails, so it could not resolve a reply from
 * the first.
 */
let desk: AccountResponse & { grant_id: string };

beforeAll(async () => {
  client = await createClient();
  desk = await connectMailbox(client);
});
beforeEach(async () => {
  box = await connectMailbox(client);
});

const BASE = {
  from: [{ email: "kim@example.org", name: "Kim" }],
  cc: [],
  bcc: [],
  reply_to: [],
  body: "<p>x</p>",
  snippet: "x",
  folders: ["INBOX"],
  attachments: [],
};

const mail = (fields: Fields = {}): Fields => {
  const n = unique();
  return {
    ...{ id: `m${n}`, grant_id: box.grant_id, object: "message", thread_id: `t${n}`, subject: `Mail ${n}` },
    ...{ ...BASE, to: [{ email: box.email_address }], date: Math.floor(Date.now() / 1000) - 60 },
    headers: [{ name: "Message-ID", value: `<${n}@example.org>` }],
    ...fields,
  };
};

const listed = async (): Promise<MessageResponse[]> =>
  (await client.call("GET", `/messages/?account_id=${box.id}&size=100`)).body.items;

/** Posts mails in order and waits for each. @returns them as the API shows them, in that order */
async function take(...objects: Fields[]): Promise<MessageResponse[]> {
  const taken: MessageResponse[] = [];
  const known = new Set((await listed()).map(({ id }) => id));
  for (const object of objects) {
    expect(await postNotification("message.created", object)).toBe(200);
    const fresh = await waitFor(async () => {
      const found = (await listed()).find(({ id }) => !known.has(id));
      expect(found).toBeDefined();
      return found!;
    });
    known.add(fresh.id);
    taken.push(fresh);
  }
  return taken;
}

const one = async (fields: Fields = {}): Promise<MessageResponse> => (await take(mail(fields)))[0]!;

const takeCase = (name: string) =>
  take(...caseObjects(name, { grant: box.grant_id, mailbox: box.email_address }));

const oneOfCase = async (name: string) => (await takeCase(name))[0]!;

const replyAll = (id: string, fields: object = {}) =>
  client.call("POST", `/messages/${id}/reply-all`, {
    email_account_id: desk.id,
    body_html: "<p>All</p>",
    ...fields,
  });

const reply = (to: MessageResponse, subject = `Re: ${to.subject}`) =>
  client.call("POST", `/messages/${to.id}/reply`, {
    email_account_id: desk.id,
    to: [{ name: to.from_name, email: to.from_address }],
    subject,
    body_html: "<p>Yes</p>",
  });

const emails = (list: { email: string }[] | null) => (list ?? []).map(({ email }) => email);

describe("a date", () => {
  const readAll = async () => {
    for (const path of ["/messages/", "/inbox/", "/threads/", "/webhooks/deliveries/"]) {
      expect((await client.call("GET", path)).status, path).toBe(200);
    }
  };

  it.each([1e15, 8_640_000_000_001, 1e300, -1e13, -1, 253_402_300_800, "yesterday", {}, [1], "", true])(
    "of %j is replaced by the time of receipt",
    async (date) => {
      const before = Math.floor(Date.now() / 1000);
      const { sent_at } = await one({ date });
      const seconds = Date.parse(sent_at) / 1000;
      expect(seconds).toBeGreaterThanOrEqual(before);
      expect(seconds).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
      await readAll();
    },
  );

  it.each([1_795_000_000_000, "1795000000", 1_795_000_000.9, "1795000000.5"])(
    "of %j is that second",
    async (date) => {
      expect((await one({ date })).sent_at).toBe(
        new Date(1_795_000_000_000).toISOString().replace(".000", ""),
      );
    },
  );

  it.each(["date-out-of-range.json", "date-milliseconds.json"])(
    "of the case %s is no later than tomorrow",
    async (name) => {
      const { sent_at } = await oneOfCase(name);
      expect(Date.parse(sent_at)).toBeLessThan(Date.now() + 86_400_000);
      await readAll();
    },
  );

  it("of the notification itself may be impossible: the mail is shown, and later updates apply", async () => {
    const object = mail({ subject: "First" });
    await postNotification("message.created", object, 1e15);
    await waitFor(async () => expect((await listed()).map(({ subject }) => subject)).toEqual(["First"]));
    await readAll();
    const later = Math.floor(Date.now() / 1000) + 2;
    await postNotification("message.updated", { ...object, subject: "Second" }, later);
    await waitFor(async () => expect((await listed()).map(({ subject }) => subject)).toEqual(["Second"]));
  });
});

describe("an odd field", () => {
  it.each([
    "shape-header-null.json",
    "shape-date-string.json",
    "shape-to-null-inside.json",
    "shape-from-object.json",
    "shape-objects-for-lists.json",
  ])("of %s does not lose the mail", async (name) => {
    const { subject, from_address } = await oneOfCase(name);
    expect([subject, from_address]).toEqual([
      "case",
      name === "shape-from-object.json" ? "a@example.org" : "kim@example.org",
    ]);
  });

  const ODD = [null, 5, "text", true, [], [null], {}, [{}], [[]], [{ email: null }], [5]];
  it.each(Object.keys({ ...BASE, to: 0, subject: 0, thread_id: 0, date: 0, headers: 0 }))(
    "%s, whatever it is, does not cost the mail or an answer",
    async (field) => {
      // Ingest asks the provider for absent fields, and the stand-in has none of these mails.
      const needed = ["from", "date", "body"].includes(field);
      const odd = ODD.filter((value) => !needed || value !== null);
      const objects = odd.map((value) => mail({ [field]: value }));
      for (const object of objects) await postNotification("message.created", object);
      await waitFor(async () => expect(await listed()).toHaveLength(objects.length));
      expect((await client.call("GET", "/inbox/")).status).toBe(200);
      expect((await client.call("GET", "/threads/")).status).toBe(200);
    },
  );

  it("keeps the stored value", async () => {
    const object = mail({ cc: [{ email: "cc@example.org" }], folders: ["INBOX"] });
    await take(object);
    const odd = { from: [null], to: [null], cc: "?", body: {}, subject: {}, attachments: [null], date: "?" };
    const later = Math.floor(Date.now() / 1000) + 2;
    await postNotification("message.updated", { ...object, ...odd, snippet: "changed" }, later);
    await waitFor(async () => expect((await listed())[0]?.snippet).toBe("changed"));
    expect((await listed())[0]).toMatchObject({
      from_address: "kim@example.org",
      to_addresses: [{ email: box.email_address }],
      cc_addresses: [{ email: "cc@example.org" }],
      subject: object.subject,
      body_html: "<p>x</p>",
    });
  });

  it("of a file is dropped, and a file without an id is ignored", async () => {
    const attachments = [
      { id: "a1", filename: null, size: "3", content_type: "" },
      { filename: "no-id.pdf" },
      null,
      { id: 7, filename: "../../etc/pass\u202ewd\r\n", size: -1, content_type: "text/x\r\nX: y" },
      { id: "a3", filename: "C:\\fake\\..", size: 1e300, content_id: 1234567890 },
    ];
    const { attachments: files } = await one({ attachments });
    expect(
      files.map(({ filename, size_bytes, content_type }) => [filename, size_bytes, content_type]),
    ).toEqual([
      ["attachment", 3, "application/octet-stream"],
      ["passwd", 0, "application/octet-stream"],
      ["attachment", 0, "application/octet-stream"],
    ]);
  });

  it("a very long list of recipients is cut to what a row can hold", async () => {
    const to = Array.from({ length: 9000 }, (_, n) => ({ email: `p${n}@example.org`, name: `Person ${n}` }));
    const { to_addresses } = await one({ to });
    expect(to_addresses.length).toBeGreaterThan(3000);
    expect(to_addresses[0]).toEqual(to[0]);
  });
});

describe("POST accepts what GET returns", () => {
  it.each([
    "echo-name-250.json",
    "echo-name-linebreak.json",
    "echo-subject-linebreak.json",
    "echo-email-blanks.json",
  ])("of the case %s", async (name) => {
    expect((await reply(await oneOfCase(name))).status).toBe(200);
  });

  it.each(caseText("addresses.txt").trim().split("\n"))(
    "a sender such as %s can be answered",
    async (email) => {
      const message = await one({ from: [{ email }] });
      expect(message.from_address).toBe(email);
      expect((await reply(message)).status).toBe(200);
      expect((await replyAll(message.id)).body.to_addresses).toEqual([{ email }]);
    },
  );

  it("for long, broken and disguised subjects, names and addresses", async () => {
    const message = await one({
      subject: `${"😀".repeat(700)}`,
      from: [{ email: "<k@example.org>", name: `a\u0007\u202eb${"😀".repeat(150)}\ud800` }],
    });
    expect(message).toMatchObject({ from_address: "k@example.org" });
    expect(message.from_name).toMatch(/^a b😀+$/u);
    expect((await reply(message)).status).toBe(200);
    const { body } = await replyAll(message.id);
    expect(body.subject).toMatch(/^Re: 😀+$/u);
  });

  it("a group stands for its members, and an empty group for none", async () => {
    const message = await oneOfCase("to-group.json");
    expect(message.to_addresses).toEqual([]);
    expect(emails(message.cc_addresses)).toEqual(["a@example.org", "b@example.org"]);
    const { status, body } = await replyAll(message.id);
    expect([status, emails(body.to_addresses), emails(body.cc_addresses)]).toEqual([
      200,
      ["kim@example.org"],
      ["a@example.org", "b@example.org"],
    ]);
  });

  it("an address over 320 characters is 400, and the error states the limit", async () => {
    const email = `${"a".repeat(320)}@example.org`;
    const body = { email_account_id: box.id, to: [{ email }], subject: "x", body_html: "x" };
    const answer = await client.call("POST", "/messages/send/", body);
    expect([answer.status, answer.body.detail]).toEqual([400, "to.0.email: at most 320 characters"]);
  });
});

describe("a reply to all", () => {
  it("to a mail without an address is 400, with the reason", async () => {
    const message = await oneOfCase("from-mailer-daemon.json");
    expect(message.from_address).toBe("MAILER-DAEMON");
    const { status, body } = await replyAll(message.id);
    expect([status, body.detail]).toEqual([400, expect.stringContaining("no email address")]);
    const nobody = await one({ from: [{ name: "Kim" }] });
    expect(nobody).toMatchObject({ from_address: "", from_name: "Kim" });
    expect((await replyAll(nobody.id)).status).toBe(400);
  });

  it("to more than 500 recipients is 400, as a send is", async () => {
    const to = Array.from({ length: 501 }, (_, n) => ({ email: `p${n}@example.org` }));
    const { status, body } = await replyAll((await one({ to })).id);
    expect([status, body.detail]).toEqual([400, "to: at most 500 recipients"]);
  });

  it("never passes on a stranger's text that could start another header", async () => {
    const message = await one({
      subject: "Hi\r\nBcc: victim@x.test\r\nX-Evil: 1",
      from: [{ email: "k@example.org", name: "Evil\r\nBcc: v2@x.test" }],
      to: [{ email: box.email_address }, { email: "x@x.test>\r\nBcc: v3@x.test" }],
    });
    for (const { status, body } of [
      await replyAll(message.id),
      await client.call("POST", `/messages/${message.id}/forward`, {
        email_account_id: desk.id,
        to: [{ email: "f@example.org" }],
        body_html: "x",
      }),
    ]) {
      expect(status).toBe(200);
      const sent = (await storedMail(desk.grant_id)).find(({ subject }) => subject === body.subject)!;
      expect(sent.subject).toMatch(/^(Re|Fwd): Hi Bcc: victim@x\.test X-Evil: 1$/);
      expect(JSON.stringify([sent.subject, sent.to, sent.cc])).not.toMatch(/\\[rn]/);
    }
    const crlf = (await replyAll((await oneOfCase("reply-all-subject-crlf.json")).id)).body;
    expect(crlf.subject).toBe("Re: x Bcc: evil@example.org");
  });

  it("goes to Reply-To, which the API shows", async () => {
    const message = await oneOfCase("replyto-webform.json");
    expect(message.reply_to).toEqual([{ name: "Customer", email: "customer@example.net" }]);
    const { body } = await replyAll(message.id);
    expect([emails(body.to_addresses), body.cc_addresses]).toEqual([["customer@example.net"], null]);
  });

  it("to a web form's mail in our own name goes to the customer", async () => {
    const message = await one({
      from: [{ email: box.email_address, name: "Web form" }],
      reply_to: [{ email: "customer@example.net" }],
    });
    const { body } = await replyAll(message.id);
    expect([emails(body.to_addresses), body.cc_addresses]).toEqual([["customer@example.net"], null]);
  });

  it("to a mailing list goes to the list once and to the author, who may not be subscribed", async () => {
    const { status, body } = await replyAll((await oneOfCase("replyto-list.json")).id);
    expect([status, emails(body.to_addresses), emails(body.cc_addresses)]).toEqual([
      200,
      ["list@lists.example"],
      ["ann@example.org"],
    ]);
  });

  it("goes to the sender if Reply-To names only ourselves", async () => {
    const message = await one({ reply_to: [{ email: box.email_address.toUpperCase() }] });
    expect(emails((await replyAll(message.id)).body.to_addresses)).toEqual(["kim@example.org"]);
  });

  it("keeps Reply-To after an update without it", async () => {
    const object = mail({ reply_to: [{ email: "r@example.org" }] });
    await take(object);
    const { reply_to: _, ...rest } = object;
    const later = Math.floor(Date.now() / 1000) + 2;
    await postNotification("message.updated", { ...rest, subject: "changed" }, later);
    await waitFor(async () => expect((await listed())[0]?.subject).toBe("changed"));
    expect((await listed())[0]?.reply_to).toEqual([{ email: "r@example.org" }]);
  });
});

describe("Message-IDs match in the spellings that servers use", () => {
  it.each([
    "thread-no-brackets.json",
    "thread-blanks-in-brackets.json",
    "thread-domain-case.json",
    "thread-encoded-word.json",
    "thread-600-characters.json",
  ])("in the case %s", async (name) => {
    const [first, second] = await takeCase(name);
    expect(first!.internet_message_id).toMatch(/^<.+@.+>$/);
    expect(second!.thread_id).toBe(first!.thread_id);
  });

  it.each<[what: string, own: (id: string) => string, answered: (id: string) => string]>([
    ["a bracket on one side", (id) => `<${id}`, (id) => `${id}>`],
    ["a fold in the middle", (id) => `<part\r\n-${id}>`, (id) => `<part-${id}>`],
    ["brackets escaped for HTML", (id) => `<${id}>`, (id) => `&lt;${id}&gt;`],
    ["base64 in an encoded word", (id) => `<${id}>`, (id) => `=?utf-8?B?${btoa(`<${id}>`)}?=`],
    ["a phrase before it", (id) => `<${id}>`, (id) => `Your message of "Mon, 1 Jan" <${id}>`],
  ])("with %s", async (_what, own, answered) => {
    const id = `u${unique()}@x.example`;
    const [first, second] = await take(
      mail({ headers: [{ name: "Message-ID", value: own(id) }] }),
      mail({
        headers: [
          { name: "message-id", value: `<r-${id}>` },
          { name: "IN-REPLY-TO", value: answered(id) },
        ],
      }),
    );
    expect(second!.thread_id).toBe(first!.thread_id);
  });

  it("and a reply refers to them as written", async () => {
    const exact = `<Local${unique()}@Mail.Example>`;
    const message = await one({ headers: [{ name: "Message-ID", value: exact }] });
    expect(message.internet_message_id).toBe(exact);
    const { body } = await replyAll(message.id);
    const sent = (await storedMail(desk.grant_id)).find(({ subject }) => subject === body.subject);
    expect([headerOf(sent, "In-Reply-To"), headerOf(sent, "References")]).toEqual([exact, exact]);
  });
});
