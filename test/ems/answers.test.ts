import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { eventually, headerOf, type InboundMail, receiveMail, storedMail } from "../support/nylas.ts";

type Mailbox = AccountResponse & { grant_id: string };

let client: Client;
let box: Mailbox;
beforeAll(async () => {
  client = await createClient();
});
beforeEach(async () => {
  box = await connectMailbox(client);
});

async function receive(fields: Partial<InboundMail> = {}): Promise<MessageResponse> {
  const subject = `Question ${unique()}`;
  const mail = {
    from: { email: "c@out.example", name: "Customer" },
    to: [{ email: box.email_address }],
    subject,
  };
  await receiveMail({ ...mail, ...fields });
  return eventually(async () => {
    const { body } = await client.call("GET", `/messages?account_id=${box.id}`);
    expect(body.items[0]?.subject).toBe(fields.subject ?? subject);
    return body.items[0];
  });
}

const sentFrom = async ({ grant_id }: Mailbox, subject: string) =>
  (await storedMail(grant_id)).find((message) => message.subject === subject);

const emails = (list: { email: string }[] | null) => (list ?? []).map(({ email }) => email);

describe("a reply to all", () => {
  const replyAll = (id: string, fields: object = {}) =>
    client.call("POST", `/messages/${id}/reply-all`, { body_html: "<p>All of you</p>", ...fields });

  it("goes to the sender and all recipients except ourselves, in the same thread", async () => {
    const original = await receive({
      to: [{ email: box.email_address.toUpperCase() }, { email: "colleague@out.example" }],
      cc: [{ email: "boss@out.example" }, { email: "C@out.example" }],
    });
    const { status, body } = await replyAll(original.id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      thread_id: original.thread_id,
      subject: `Re: ${original.subject}`,
      from_address: box.email_address,
      to_addresses: [{ name: "Customer", email: "c@out.example" }, { email: "colleague@out.example" }],
      cc_addresses: [{ email: "boss@out.example" }],
    });
    const sent = await sentFrom(box, body.subject);
    expect(headerOf(sent, "In-Reply-To")).toBe(original.internet_message_id);
  });

  it("to our own mail goes to its recipients, and the subject gets no second prefix", async () => {
    const { body: first } = await client.call("POST", "/messages/send", {
      email_account_id: box.id,
      to: [{ email: "one@out.example" }],
      cc: [{ email: "two@out.example" }],
      subject: `RE: Offer ${unique()}`,
      body_html: "<p>Offer</p>",
    });
    const { body } = await replyAll(first.id, { cc: [{ email: "three@out.example" }] });
    expect([emails(body.to_addresses), emails(body.cc_addresses)]).toEqual([
      ["one@out.example"],
      ["two@out.example", "three@out.example"],
    ]);
    expect(body.subject).toBe(first.subject);
  });

  it("is guarded by If-Match like a reply", async () => {
    const original = await receive();
    const url = `/messages/${original.id}/reply-all`;
    const { status, body } = await client.call("POST", url, { body_html: "x" }, { "if-match": '"0"' });
    expect([status, body.messages.map(({ id }: MessageResponse) => id)]).toEqual([409, [original.id]]);
  });

  it("can wait", async () => {
    const original = await receive();
    const { status, body } = await replyAll(original.id, { undo_seconds: 30 });
    expect([status, body.state, body.thread_id]).toEqual([202, "queued", original.thread_id]);
    await client.call("POST", `/outbox/${body.id}/cancel`);
  });
});

describe("a forwarded mail", () => {
  const forward = (id: string, fields: object = {}) =>
    client.call("POST", `/messages/${id}/forward`, {
      to: [{ email: "lawyer@out.example" }],
      body_html: "<p>What do you think?</p>",
      ...fields,
    });

  it("without recipients is 400", async () => {
    const original = await receive();
    expect((await forward(original.id, { to: [] })).status).toBe(400);
  });

  it("includes its attachments byte for byte, and starts a new thread", async () => {
    const content = btoa("the plan, ".repeat(1000));
    const original = await receive({
      attachments: [{ filename: "Режа.txt", contentType: "text/plain", content }],
    });
    const { status, body } = await forward(original.id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: `Fwd: ${original.subject}`, has_attachments: true });
    expect(body.thread_id).not.toBe(original.thread_id);
    const [attachment] = body.attachments;
    expect(attachment).toMatchObject({
      filename: "Режа.txt",
      content_type: "text/plain",
      size_bytes: 10_000,
    });
    const { body: download } = await client.call("GET", `/attachments/${attachment.id}/download`);
    const response = await exports.default.fetch(download.download_url);
    expect(btoa(await response.text())).toBe(content);
  });
});

describe("the references of a reply are complete", () => {
  it("from the mailbox that has the mail, and from another mailbox of the company", async () => {
    const first = await receive();
    const references = [first.internet_message_id, "<between@out.example>"];
    const third = await receive({ inReplyTo: "<between@out.example>", references });
    const chain = [...references, third.internet_message_id].join(" ");
    const other = await connectMailbox(client);
    for (const from of [box, other]) {
      const subject = `Re: ${unique()}`;
      const { body } = await client.call("POST", `/messages/${third.id}/reply`, {
        email_account_id: from.id,
        to: [{ email: "c@out.example" }],
        subject,
        body_html: "<p>Yes</p>",
      });
      expect(body.thread_id).toBe(third.thread_id);
      const sent = await sentFrom(from, subject);
      expect(headerOf(sent, "In-Reply-To")).toBe(third.internet_message_id);
      expect(headerOf(sent, "References")).toBe(chain);
    }
  });
});
