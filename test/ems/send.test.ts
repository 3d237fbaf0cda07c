import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { breakRoute, eventually, expireGrant, headerOf, receiveMail, storedMail } from "../support/nylas.ts";

type Mailbox = AccountResponse & { grant_id: string };

let client: Client;
let account: Mailbox;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

const mail = (from: { id: string }, fields: object = {}) => ({
  email_account_id: from.id,
  to: [{ name: "John Customer", email: "john@customer.example" }],
  subject: `Mail ${unique()}`,
  body_html: "<p>Thanks for reaching out!</p>",
  ...fields,
});

const totals = async (of: Client) => {
  const [messages, threads] = await Promise.all(
    ["/messages/", "/threads/"].map((path) => of.call("GET", path)),
  );
  return [messages?.body.total, threads?.body.total];
};

/** Stores a mail from a customer. */
async function receive(of: Client, box: Mailbox, fields: object = {}): Promise<MessageResponse> {
  const subject = `Question ${unique()}`;
  await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: box.email_address }],
    subject,
    ...fields,
  });
  return eventually(async () => {
    const { body } = await of.call("GET", "/messages/?size=100");
    const found = body.items.find((item: MessageResponse) => item.subject === subject);
    expect(found).toBeDefined();
    return found;
  });
}

describe("a refused send leaves nothing behind", () => {
  it.each([
    ["500", "It is not known whether the mail was sent"],
    ["502html", "It is not known whether the mail was sent"],
    ["503", "It is not known whether the mail was sent"],
    ["504", "It is not known whether the mail was sent"],
    ["429", "The mail was not sent"],
  ])("a provider response of %s is 502 with a safe sentence", async (kind, sentence) => {
    const owner = await createClient(); // unknown outcomes are resolved in the background
    const box = await connectMailbox(owner);
    await breakRoute(`POST /v3/grants/${box.grant_id}/messages/send`, kind);
    const { status, body } = await owner.call("POST", "/messages/send/", mail(box));
    expect(status).toBe(502);
    expect(body.detail).toContain(sentence);
    expect(body.detail).not.toMatch(/[<>\n]/);
    expect(await totals(owner)).toEqual([0, 0]);
  });

  it("a disconnected mailbox or a dead grant is 409 that says what to do", async () => {
    const expired = await connectMailbox(client);
    await expireGrant(expired.grant_id);
    const gone = await connectMailbox(client);
    await client.call("DELETE", `/accounts/${gone.id}`);
    for (const box of [expired, gone]) {
      const { status, body } = await client.call("POST", "/messages/send/", mail(box));
      expect(status).toBe(409);
      expect(body.detail).toContain("connect it again");
    }
  });
});

describe("sending", () => {
  it("returns the stored message, read for its sender and unread for colleagues", async () => {
    const request = mail(account, {
      cc: [{ name: null, email: "cc@customer.example" }],
      bcc: [{ email: "bcc@customer.example" }],
      body_text: "Thanks for reaching out!",
      reply_to_message_id: null,
    });
    const { status, body } = await client.call<MessageResponse>("POST", "/messages/send/", request);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      email_account_id: account.id,
      internet_message_id: expect.stringMatching(/^<.+@.+>$/),
      from_address: account.email_address,
      to_addresses: [{ name: "John Customer", email: "john@customer.example" }],
      cc_addresses: [{ email: "cc@customer.example" }],
      bcc_addresses: [{ email: "bcc@customer.example" }],
      subject: request.subject,
      body_html: request.body_html,
      body_text: "Thanks for reaching out!",
      snippet: "Thanks for reaching out!",
      direction: "outbound",
      has_attachments: false,
      attachments: [],
    });
    const colleague = await createClient({ companies: client.claims.companies });
    const readBy = async (user: Client) => {
      const { body: inbox } = await user.call("GET", "/inbox/");
      return inbox.items.find((item: { message: { id: string } }) => item.message.id === body.id)?.is_read;
    };
    expect([await readBy(client), await readBy(colleague)]).toEqual([true, false]);
    expect((await client.call("GET", `/threads/${body.thread_id}`)).body).toMatchObject({
      subject: request.subject,
      message_count: 1,
      messages: [body],
    });
  });

  it("sends the mail complete and once, with the account's display name", async () => {
    await client.call("PATCH", `/accounts/${account.id}`, { display_name: "Support Team" });
    const request = mail(account, { body_html: `<p>${"ў".repeat(50_000)}</p>` });
    const { body } = await client.call<MessageResponse>("POST", "/messages/send/", request);
    expect(body.body_html).toBe(request.body_html);
    const sent = (await storedMail(account.grant_id)).filter(({ subject }) => subject === request.subject);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      from: [{ email: account.email_address, name: "Support Team" }],
      body: request.body_html,
    });
  });

  it("its notification, in any form, creates no second message and removes nothing", async () => {
    const request = mail(account, { body_text: "only we know this" });
    const { body } = await client.call<MessageResponse>("POST", "/messages/send/", request);
    const before = await totals(client);
    const marker = await receive(client, account);
    expect(marker.id).not.toBe(body.id);
    expect((await client.call("GET", `/messages/${body.id}`)).body).toEqual(body);
    expect(await totals(client)).toEqual(before.map((count) => count + 1));
  });
});

describe("replying", () => {
  it.each(["google", "microsoft", "imap"])(
    "on %s lands in the same thread here and at the provider",
    async (provider) => {
      const box = await connectMailbox(client, { provider });
      const original = await receive(client, box);
      const request = mail(box, { subject: `Re: ${original.subject}` });
      const { body } = await client.call<MessageResponse>("POST", `/messages/${original.id}/reply`, request);
      expect(body.thread_id).toBe(original.thread_id);
      const sent = (await storedMail(box.grant_id)).find(({ subject }) => subject === request.subject);
      expect(headerOf(sent, "In-Reply-To")).toBe(original.internet_message_id);
      const thread = (await client.call("GET", `/threads/${original.thread_id}`)).body;
      expect(thread.messages.map(({ id }: { id: string }) => id)).toEqual([original.id, body.id]);
      expect(thread.subject).toBe(original.subject);

      const answer = await receive(client, box, { inReplyTo: body.internet_message_id });
      expect(answer.thread_id).toBe(original.thread_id);
    },
  );

  it("a send with reply_to_message_id does the same", async () => {
    const original = await receive(client, account);
    const request = mail(account, { reply_to_message_id: original.id });
    const { body } = await client.call<MessageResponse>("POST", "/messages/send/", request);
    expect(body.thread_id).toBe(original.thread_id);
  });

  it("from another mailbox of the company stays in the thread, as do the replies to it", async () => {
    const original = await receive(client, account);
    const other = await connectMailbox(client);
    const request = mail(other);
    const { body } = await client.call<MessageResponse>("POST", `/messages/${original.id}/reply`, request);
    expect(body).toMatchObject({ thread_id: original.thread_id, email_account_id: other.id });
    const sent = (await storedMail(other.grant_id)).find(({ subject }) => subject === request.subject);
    expect(headerOf(sent, "In-Reply-To")).toBe(original.internet_message_id);
    const answer = await receive(client, other, { inReplyTo: body.internet_message_id });
    expect(answer.thread_id).toBe(original.thread_id);
  });
});
