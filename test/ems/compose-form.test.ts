import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import type { ComposeResponse } from "../../src/ems/sending/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { eventually, type InboundMail, receiveMail, storedMail } from "../support/nylas.ts";

let client: Client;
let account: AccountResponse & { grant_id: string };

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Stores a received mail. */
async function received(mail: Partial<InboundMail> = {}): Promise<MessageResponse> {
  const subject = mail.subject ?? `Order ${unique()}`;
  const to = [{ email: account.email_address, name: "Shop" }, { email: "partner@out.example" }];
  const from = { email: "kim@out.example", name: "Kim <b>" };
  await receiveMail({ from, to, html: "<p>Hello &amp; welcome</p>", ...mail, subject });
  return eventually(async () => {
    const { body } = await client.call("GET", "/messages/?size=100");
    const found = body.items.find((message: MessageResponse) => message.subject === subject);
    expect(found).toBeDefined();
    return found as MessageResponse;
  });
}

const form = async (id: string, as: string, more = ""): Promise<ComposeResponse> => {
  const { status, body } = await client.call<ComposeResponse>(
    "GET",
    `/messages/${id}/compose?as=${as}${more}`,
  );
  expect(status).toBe(200);
  return body;
};

describe("the prefill of a reply", () => {
  it.each(["?as=", "?as=answer", "?as=reply&as=forward", "?as=reply&images=yes"])(
    "is 400 with %j",
    async (query) => {
      const { status, body } = await client.call("GET", `/messages/${crypto.randomUUID()}/compose${query}`);
      expect({ status, detail: body.detail }).toEqual({
        status: 400,
        detail: expect.stringMatching(/^(as|images): /),
      });
    },
  );

  it("is 404 for an unknown message", async () => {
    expect((await client.call("GET", `/messages/${crypto.randomUUID()}/compose?as=reply`)).status).toBe(404);
  });

  it("goes to Reply-To, else to the sender", async () => {
    const message = await received();
    const suggested = await form(message.id, "reply");
    expect(suggested).toMatchObject({
      email_account_id: account.id,
      reply_to_message_id: message.id,
      to: [{ email: "kim@out.example", name: "Kim <b>" }],
      cc: [],
      subject: `Re: ${message.subject}`,
      attachments: [],
    });
    const other = await received({ replyTo: [{ email: "desk@out.example" }] });
    expect((await form(other.id, "reply")).to).toEqual([{ email: "desk@out.example", name: null }]);
  });

  it("for reply-all goes to everyone but ourselves, as reply-all itself does", async () => {
    const message = await received({ cc: [{ email: "boss@out.example" }] });
    const suggested = await form(message.id, "reply-all");
    expect(suggested.to.map(({ email }) => email)).toEqual(["kim@out.example", "partner@out.example"]);
    expect(suggested.cc.map(({ email }) => email)).toEqual(["boss@out.example"]);
    const { body: sent } = await client.call("POST", `/messages/${message.id}/reply-all`, {
      body_html: "<p>x</p>",
    });
    const emails = (list: { email: string }[] | null) => (list ?? []).map(({ email }) => email);
    expect(emails(sent.to_addresses)).toEqual(emails(suggested.to));
    expect(emails(sent.cc_addresses)).toEqual(emails(suggested.cc));
    expect(sent.subject).toBe(suggested.subject);
  });

  it("has one subject prefix after any number of replies", async () => {
    const message = await received({ subject: `RE: offer ${unique()}` });
    expect((await form(message.id, "reply")).subject).toBe(message.subject);
    expect((await form(message.id, "forward")).subject).toBe(`Fwd: ${message.subject}`);
  });

  it("quotes the mail as sanitised HTML and as text", async () => {
    const html =
      '<p onclick="x()">One</p><script>alert(1)</script><ul><li>a</li><li>b</li></ul>5 &lt; 6<img src="https://x.example/p.png">';
    const message = await received({ html });
    const { quoted_html, quoted_text } = await form(message.id, "reply");
    expect(quoted_html).toContain("Kim &lt;b&gt; &lt;kim@out.example&gt; wrote:");
    expect(quoted_html).toMatch(
      /<blockquote style="[^"]*"><p>One<\/p><ul><li>a<\/li><li>b<\/li><\/ul>5 &lt; 6<img src="data:/,
    );
    expect(quoted_text).toMatch(
      /On \d{4}-\d\d-\d\d \d\d:\d\d UTC, Kim <b> <kim@out.example> wrote:\n> One\n>\n> - a\n> - b\n>\n> 5 < 6\n$/,
    );
    expect((await form(message.id, "reply", "&images=1")).quoted_html).toContain(
      'src="https://x.example/p.png"',
    );
  });

  it("quotes plain text line by line", async () => {
    const message = await received({ html: undefined as never, text: "Dear team,\n\nline <two>" });
    const { quoted_html, quoted_text } = await form(message.id, "reply");
    expect(quoted_text).toMatch(/wrote:\n> Dear team,\n>\n> line <two>\n$/);
    expect(quoted_html).toContain("Dear team,\n\nline &lt;two&gt;");
  });
});

describe("the prefill of a forward", () => {
  it("begins with the mail's headers, and lists its attachments", async () => {
    const attachments = [{ filename: "plan.txt", contentType: "text/plain", content: btoa("the plan") }];
    const message = await received({ attachments, cc: [{ email: "boss@out.example" }] });
    const suggested = await form(message.id, "forward");
    expect(suggested).toMatchObject({ reply_to_message_id: null, to: [], cc: [] });
    expect(suggested.attachments).toEqual(message.attachments);
    for (const line of [
      "From: Kim <b> <kim@out.example>",
      `Subject: ${message.subject}`,
      "Cc: boss@out.example",
    ]) {
      expect(suggested.quoted_text).toContain(`${line}\n`);
    }
    expect(suggested.quoted_text).toContain(`To: Shop <${account.email_address}>, partner@out.example\n`);
    expect(suggested.quoted_text).toMatch(/\n\nHello & welcome\n$/);
  });

  it("keeps text and inline images when it is sent", async () => {
    const attachments = [
      { filename: "logo.png", contentType: "image/png", content: PNG, contentId: "logo@x" },
    ];
    const message = await received({ html: '<p>See</p><img src="cid:logo@x" alt="l">', attachments });
    const { quoted_html, quoted_text } = await form(message.id, "forward");
    expect(quoted_html).toContain('<img src="cid:logo@x"');
    const { status, body: sent } = await client.call("POST", `/messages/${message.id}/forward`, {
      to: [{ email: "colleague@out.example" }],
      body_html: `<p>FYI</p>${quoted_html}`,
      body_text: `FYI${quoted_text}`,
    });
    expect(status).toBe(200);
    expect(sent.body_html).toContain("<p>See</p>");
    expect(sent.body_text).toContain("See");
    const stored = (await storedMail(account.grant_id)).find(({ subject }) => subject === sent.subject);
    expect(stored?.attachments).toMatchObject([{ filename: "logo.png", is_inline: true }]);
  });
});
