import { beforeAll, describe, expect, it } from "vitest";
import { readBounce } from "../../src/ems/ingest/bounces.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { caseText } from "../support/case-text.ts";
import { caseObjects, postNotification } from "../support/cases.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { eventually, type InboundMail, receiveMail } from "../support/nylas.ts";

let client: Client;
let account: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client, { provider: "imap" });
});

/** Stores a mail that we sent. */
async function send(): Promise<MessageResponse> {
  const mail = {
    email_account_id: account.id,
    to: [{ email: "gone@out.example" }],
    subject: `Offer ${unique()}`,
    body_html: "<p>x</p>",
  };
  const { body } = await client.call("POST", "/messages/send/", mail);
  return (await client.call("GET", `/messages/${body.id ?? body.message_id}`)).body;
}

const get = async (id: string): Promise<MessageResponse> =>
  (await client.call("GET", `/messages/${id}`)).body;

/** Stores a received mail, and reads it as a bounce. */
async function receive(mail: Partial<InboundMail>): Promise<MessageResponse> {
  const subject = `${mail.subject ?? "Undelivered Mail Returned to Sender"} ${unique()}`;
  const from = { email: "MAILER-DAEMON@mx.example" };
  await receiveMail({ from, text: "see below", ...mail, subject, to: [{ email: account.email_address }] });
  const { id } = await eventually(async () => {
    const { items } = (await client.call("GET", "/messages/")).body;
    const found = items.find((item: MessageResponse) => item.subject === subject);
    if (!found) throw new Error("not stored yet");
    return found as MessageResponse;
  });
  await readBounce(contextOf([account.company_id]), {
    message_id: id,
    references: [mail.inReplyTo ?? []].flat(),
  });
  return get(id);
}

const status = (action: string, code: string) => ({
  filename: "status",
  contentType: "message/delivery-status",
  content: btoa(
    `Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; gone@out.example\r\nAction: ${action}\r\nStatus: ${code}\r\nDiagnostic-Code: smtp; 550\r\n no such user\r\n`,
  ),
});

const headersOf = (id: string) => ({
  filename: "headers",
  contentType: "text/rfc822-headers",
  content: btoa(`From: us\r\nMessage-ID: ${id}\r\n`),
});

describe("a bounce", () => {
  it.each([
    [
      "one of another's mail",
      (_: string) => [status("failed", "5.1.1"), headersOf("<another@x.example>")],
      {},
    ],
    ["a warning that mail is delayed", (id: string) => [status("delayed", "4.4.1"), headersOf(id)], {}],
    [
      "an answer of a person at postmaster",
      () => [],
      { from: { email: "postmaster@x.example" }, text: "Thanks" },
    ],
    ["a vacation notice", () => [], { from: { email: "kim@x.example" }, subject: "Out of office" }],
  ])("is not %s", async (_, attachments, mail) => {
    const sent = await send();
    await receive({ ...mail, attachments: attachments(sent.internet_message_id!) }).catch((error: Error) => {
      expect(error.message).toContain("not stored yet");
    });
    expect((await get(sent.id)).delivery?.state ?? null).not.toBe("bounced");
  });

  it("with a status part and the mail's headers joins the mail's thread, and marks it once", async () => {
    const sent = await send();
    const bounce = await receive({
      attachments: [status("failed", "5.1.1"), headersOf(sent.internet_message_id!)],
    });
    expect(bounce).toMatchObject({ thread_id: sent.thread_id, threaded_by: "references" });
    expect((await get(sent.id)).delivery).toMatchObject({
      state: "bounced",
      detail: "gone@out.example: 5.1.1: 550 no such user",
    });
    await readBounce(contextOf([account.company_id]), { message_id: bounce.id, references: [] });
    const told = await db
      .prepare(
        "SELECT count(*) AS n FROM ems_events WHERE message_id = ? AND type = 'message.delivery_updated'",
      )
      .bind(sent.id)
      .first("n");
    expect(told).toBe(1);
  });

  it("that only replies to the mail, or quotes it, marks it too", async () => {
    const [answered, quoted] = [await send(), await send()];
    await receive({ inReplyTo: answered.internet_message_id!, text: "It could not be delivered" });
    const text = `550 5.1.1 no such user\n\n--- Below is a copy\n\nMessage-ID: ${quoted.internet_message_id}\n`;
    const { thread_id } = await receive({ text });
    expect(thread_id).toBe(quoted.thread_id);
    for (const { id } of [answered, quoted]) expect((await get(id)).delivery?.state).toBe("bounced");
  });
});

it("a recorded report, whose job only ingest enqueues, marks the mail", async () => {
  const sent = await send();
  const [, , report = "", headers = ""] = caseText("smtp-dsn-of-our-mail.eml").split("--B");
  const content = (part: string) => {
    const body = part.replace(/^[\s\S]*?\r?\n\r?\n/, "");
    return btoa(body.replace("<ID OF A MAIL WE SENT>", sent.internet_message_id!));
  };
  await receiveMail({
    from: { email: "MAILER-DAEMON@mx.example" },
    to: [{ email: account.email_address }],
    subject: "Undelivered Mail Returned to Sender",
    text: "not delivered",
    attachments: [
      { filename: "attachment-1", contentType: "message/delivery-status", content: content(report) },
      { filename: "attachment-2", contentType: "text/rfc822-headers", content: content(headers) },
    ],
  });
  await eventually(async () => expect((await get(sent.id)).delivery?.state).toBe("bounced"));
  await eventually(async () => {
    const { body } = await client.call("GET", `/threads/${sent.thread_id}`);
    expect(body.message_count).toBe(2);
  });
});

it("a recorded reply to a deleted mail joins the thread of the mail before it", async () => {
  const { grant_id, email_address } = account;
  const [first, second, third] = caseObjects("thread-after-deletion.json", {
    grant: grant_id,
    mailbox: email_address,
  });
  const stored = async (id: unknown) => {
    const { items } = (await client.call("GET", "/messages/?size=100")).body;
    return items.find((item: MessageResponse) => item.internet_message_id === `<${id}@t.example>`);
  };
  const notify = async (type: string, object: Record<string, unknown>, isThere: boolean) => {
    await postNotification(type, object);
    await eventually(async () => expect((await stored(object.id)) !== undefined).toBe(isThere));
  };
  await notify("message.created", first!, true);
  await notify("message.created", second!, true);
  await notify("message.deleted", second!, false);
  await notify("message.created", third!, true);
  expect((await stored(third!.id)).thread_id).toBe((await stored(first!.id)).thread_id);
});
