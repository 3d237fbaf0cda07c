import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import type { ProviderMessage } from "../../src/ems/provider/port.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { breakRoute, eventually, receiveMail } from "../support/nylas.ts";

let client: Client;
let colleague: Client;
let account: AccountResponse & { grant_id: string };
beforeAll(async () => {
  client = await createClient();
  colleague = await createClient({ companies: client.claims.companies });
  account = await connectMailbox(client);
});

const mail = (fields: object = {}) => ({
  email_account_id: account.id,
  to: [{ email: "john@customer.example" }],
  subject: `Mail ${unique()}`,
  body_html: "<p>Hello</p>",
  ...fields,
});

const send = (request: object) => client.call<MessageResponse>("POST", "/messages/send", request);
const seen = async (id: string, by = client) =>
  (await by.call<MessageResponse>("GET", `/messages/${id}`)).body.sent_by;

describe("sent_by is null", () => {
  it("for a mail that came in", async () => {
    const subject = `In ${unique()}`;
    await receiveMail({
      from: { email: "kim@out.example" },
      to: [{ email: account.email_address }],
      subject,
    });
    const found = await eventually(async () => {
      const { body } = await client.call("GET", "/messages");
      const message = body.items.find((each: MessageResponse) => each.subject === subject);
      expect(message).toBeDefined();
      return message as MessageResponse;
    });
    expect(found.sent_by).toBeNull();
  });

  it("for a mail that was sent in another program", async () => {
    const message = sentElsewhere();
    const { id } = await come(message, 1);
    const { body } = await client.call<MessageResponse>("GET", `/messages/${id}`);
    expect(body).toMatchObject({ direction: "outbound", sent_by: null });
  });
});

describe("sent_by is the sender", () => {
  it("in the answer, and for a colleague in the message and its thread", async () => {
    const { body } = await send(mail());
    expect(body.sent_by).toBe(client.claims.user_id);
    expect(await seen(body.id, colleague)).toBe(client.claims.user_id);
    const { body: thread } = await colleague.call("GET", `/threads/${body.thread_id}`);
    expect(thread.messages).toMatchObject([{ sent_by: client.claims.user_id }]);
  });

  it("of a reply by a colleague, and each of both in one thread", async () => {
    const { body: first } = await send(mail());
    const reply = mail({ to: [{ email: "john@customer.example" }] });
    await colleague.call("POST", `/messages/${first.id}/reply`, reply);
    const { body: thread } = await client.call("GET", `/threads/${first.thread_id}`);
    expect(thread.messages.map(({ sent_by }: MessageResponse) => sent_by)).toEqual([
      client.claims.user_id,
      colleague.claims.user_id,
    ]);
  });

  it("although the mail's own notification came before its outcome was known", async () => {
    const request = mail();
    await breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, "504-after");
    const { status, body } = await client.call("POST", "/messages/send", request);
    expect(status).toBe(502);
    const entry = await eventually(async () => {
      const { body: found } = await client.call("GET", `/outbox/${body.outbox_id}`);
      expect(found.state).toBe("sent");
      return found;
    });
    expect(await seen(entry.message_id)).toBe(client.claims.user_id);
  });

  it("in both orders of the provider's answer and its notification", async () => {
    for (const isAnswerFirst of [true, false]) {
      const message = sentElsewhere();
      const sent = {
        userId: client.claims.user_id,
        text: null,
        threadId: null,
        alongside: () => [],
      };
      const steps = [() => come(message, 1, sent), () => come({ ...message, snippet: "Later" }, 2)];
      let id: string | null = null;
      for (const step of isAnswerFirst ? steps : steps.reverse()) id = (await step()).id;
      expect(await seen(`${id}`)).toBe(client.claims.user_id);
    }
  });

  it("still after the provider moved the mail by deleting it and creating it again", async () => {
    const message = sentElsewhere();
    const sent = { userId: client.claims.user_id, text: null, threadId: null, alongside: () => [] };
    const { id } = await come(message, 1, sent);
    await deleteMessage(ctx(), account, message.id, 2);
    expect((await client.call("GET", `/messages/${id}`)).status).toBe(404);
    await come({ ...message, id: `${message.id} again`, folders: ["Archive"] }, 3);
    expect(await seen(`${id}`)).toBe(client.claims.user_id);
  });
});

const ctx = () => createContext(env, { waitUntil: () => {} });

/** A mail in the sent folder, as the provider reports it. */
function sentElsewhere(): ProviderMessage {
  const name = `sent${unique()}`;
  return {
    id: name,
    internet_message_id: `<${name}@demo.example>`,
    from: { name: null, email: account.email_address },
    to: [{ name: null, email: "john@customer.example" }],
    subject: name,
    date: 1_900_000_000,
    body: "<p>Hello</p>",
    folders: ["SENT"],
  };
}

const come = (
  message: ProviderMessage,
  observedAt: number,
  sent?: Parameters<typeof applyMessage>[2]["sent"],
) => applyMessage(ctx(), account, { message, observedAt, cause: `c${unique()}`, ...(sent ? { sent } : {}) });
