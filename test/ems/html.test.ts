import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { db } from "../support/db.ts";
import { keysUnder } from "../support/lifetime.ts";
import { breakRoute, eventually, receiveMail } from "../support/nylas.ts";

/** The start of a PNG. The tests do not decode it. */
const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a);

let client: Client;
let message: MessageResponse;

beforeAll(async () => {
  client = await createClient();
  const account = await connectMailbox(client);
  const image = (filename: string, contentId: string, contentType = "image/png") => ({
    ...{ filename, contentId, contentType },
    content: btoa(String.fromCharCode(...bytes)),
  });
  await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject: "Picture",
    html: '<p>Our logo: <img src="cid:logo@x"></p>',
    attachments: [
      image("logo.png", "logo@x"),
      image("photo.jpg", "photo 1@x", "application/octet-stream"),
      image("drawing.svg", "drawing@x", "image/svg+xml"),
      image("page.html", "page@x", "text/html"),
    ],
  });
  message = await eventually(async () => {
    const { body } = await client.call("GET", "/messages/");
    expect(body.items).toHaveLength(1);
    return body.items[0];
  });
});

const setBody = (html: string | null, text: string | null = null) =>
  db
    .prepare("UPDATE ems_messages SET body_html = ?, body_text = ?, body_key = NULL WHERE id = ?")
    .bind(html, text, message.id)
    .run();

const open = (query = "") => client.call<string>("GET", `/messages/${message.id}/html${query}`);

/** The content of `<body>` in the document of a message with this HTML. */
async function show(html: string, query = ""): Promise<string> {
  await setBody(html);
  const { status, body } = await open(query);
  expect(status).toBe(200);
  return /<body[^>]*>([\s\S]*)<\/body><\/html>\n$/.exec(body)![1]!;
}

describe("the HTML route", () => {
  it.each(["2", "true", "", "1&images=0"])("images=%s is 400", async (images) => {
    const { status, body } = await open(`?images=${images}`);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ detail: expect.stringMatching(/images/) }),
    ]);
  });

  it("is 404 for an absent message, and 400 for a malformed id", async () => {
    expect((await client.call("GET", `/messages/${crypto.randomUUID()}/html`)).status).toBe(404);
    expect((await client.call("GET", "/messages/1/html")).status).toBe(400);
  });

  it("is 404 for a message of another company", async () => {
    const other = await createClient();
    expect((await other.call("GET", `/messages/${message.id}/html`)).status).toBe(404);
  });
});

describe("the response", () => {
  it("is a document that contains its policy", async () => {
    await setBody("<p>Salom</p>");
    const { headers, body } = await open();
    expect(headers.get("content-type")).toMatch(/^text\/html; charset=utf-8$/i);
    expect(body).toMatch(/^<!doctype html>\n<html><head><meta charset="utf-8">/);
    expect(body).toContain('<base target="_blank">');
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body)?.[1];
    expect(policy).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src 'none'; form-action 'none'; base-uri 'none'",
    );
    expect(headers.get("content-security-policy")).toBe(
      `sandbox allow-popups allow-popups-to-escape-sandbox; ${policy}; frame-ancestors 'self' http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:*`,
    );
    expect(headers.get("x-frame-options")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("private, no-store");
  });

  it("is the only one that a foreign page may frame", async () => {
    const { headers } = await client.call("GET", `/messages/${message.id}`);
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  it("for a mail without HTML is its text unchanged", async () => {
    await setBody(null, "a < b && c > d\n\n  <script>alert(1)</script> &amp;");
    const { body } = await open();
    expect(body).toContain(
      "\na &lt; b &amp;&amp; c &gt; d\n\n  &lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;</pre>",
    );
    expect(body).toContain("white-space:pre-wrap");
  });

  it("for a mail without a body is an empty document", async () => {
    for (const text of [null, ""]) {
      await setBody(text, text);
      expect((await open()).body).toContain("<body></body>");
    }
  });

  it("for the message itself has the original HTML", async () => {
    const html = '<p onclick="x()">Salom<script>1</script></p>';
    await setBody(html);
    expect((await client.call("GET", `/messages/${message.id}`)).body.body_html).toBe(html);
  });

  it("for a body of 3 MB is complete", async () => {
    const own = await createClient();
    const account = await connectMailbox(own);
    const row = '<tr style="background:#fff"><td>yong‘oq</td><td onclick="x()">1 520</td></tr>\n';
    const html = `<table>${row.repeat(40_000)}</table>`;
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "Big",
      html,
    });
    const id = await eventually(async () => {
      const { body } = await own.call("GET", "/inbox/");
      expect(body.items).toHaveLength(1);
      return body.items[0].message.id;
    });
    const { body } = await own.call<string>("GET", `/messages/${id}/html`);
    expect(body.split("<td>1 520</td>")).toHaveLength(40_001);
  });
});

const NEWSLETTER = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x.dtd">
<html><head><title>Hidden</title><style>p { color: blue }</style></head>
<body bgcolor="#EEEEEE"><!--[if mso]><table><tr><td width="600"><![endif]-->
<center><TABLE WIDTH="600" cellpadding=0 cellspacing='0' border="0" bgcolor="#ffffff" align=center>
<tr><td style="Font-Family:'Segoe UI',&quot;Noto Sans&quot;,Arial;
  padding:12px 0;color:#333!important;background:#FFF url(https://news.example/bg.png) no-repeat" valign="top" colspan=2>
<h1 style="margin:0;line-height:1.2">Yangiliklar &amp; aksiyalar &mdash; 50&nbsp;%</h1>
<img src="https://news.example/top.jpg?a=1&amp;b=2" alt="Yozgi chegirma" width="600" height="200">
<img src="http://track.example/o.gif" width=1 height=1 alt="">
<a href="https://shop.example/?a=1&amp;b=2" target="_self" style="color:rgb(1, 2, 3)">Xarid</a>
<a href="mailto:info@shop.example">yozing</a> <a href="tel:+998901234567">+998 90</a>
<font color="red" face="Arial" size="2">5 < 6 and 7 > 3</font></td></tr></TABLE></center>
<!--[if mso]></td></tr></table><![endif]--></body></html>`;

describe("a newsletter", () => {
  it("keeps its tables, colours, fonts, text and links", async () => {
    const html = await show(NEWSLETTER);
    expect(html).not.toMatch(/Hidden|color: blue|mso/);
    const whole = (await open()).body;
    expect(whole).toContain('<body bgcolor="#EEEEEE" dir="auto">');
    expect(whole).toContain("<style>p{color:blue}</style>");
    for (const part of [
      '<table width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" align="center">',
      "font-family:'segoe ui','noto sans',arial; padding:12px 0; color:#333!important; background:#fff  no-repeat;",
      'valign="top" colspan="2"',
      "Yangiliklar &amp; aksiyalar &mdash; 50&nbsp;%</h1>",
      'href="https://shop.example/?a=1&amp;b=2" rel="noopener noreferrer" style="color:rgb(1, 2, 3);">Xarid</a>',
      'href="mailto:info@shop.example"',
      'href="tel:+998901234567"',
      '<font color="red" face="Arial" size="2">5 &lt; 6 and 7 &gt; 3</font>',
    ]) {
      expect(html).toContain(part);
    }
  });

  it("loads nothing from other hosts, also no tracking pixels", async () => {
    await setBody(NEWSLETTER);
    const { body, headers } = await open("?images=0");
    expect(body).not.toMatch(/news\.example|track\.example/);
    expect(body).toMatch(
      /<img src="data:image\/gif;base64,[^"]*" alt="Yozgi chegirma" width="600" height="200">/,
    );
    expect(headers.get("content-security-policy")).not.toContain("https: ");
  });

  it("loads images over TLS on request", async () => {
    await setBody(`${NEWSLETTER}<table background="https://news.example/t.png"><td>x</table>`);
    const { body, headers } = await open("?images=1");
    expect(body).toContain('<img src="https://news.example/top.jpg?a=1&amp;b=2" alt="Yozgi chegirma"');
    expect(body).toContain('<img src="https://track.example/o.gif"');
    expect(body).toContain('<table background="https://news.example/t.png">');
    expect(headers.get("content-security-policy")).toContain("img-src data: https:;");
  });
});

describe("an inline image", () => {
  const sources = (html: string) =>
    Array.from(html.matchAll(/<img src="([^"]*)"/g), ([, src = ""]) => src.replaceAll("&amp;", "&"));
  const blank = /^data:image\/gif/;

  it.each([
    ["by its exact name", "cid:logo@x", "image/png"],
    ["in upper case", "CID:logo@x", "image/png"],
    ["percent-encoded", "cid:logo%40x", "image/png"],
    ["with references", "cid:logo&#64;x", "image/png"],
    ["with a space, and its type from the file name", "cid:photo%201@x", "image/jpeg"],
  ])("is loaded from a signed URL: %s", async (_name, cid, type) => {
    await setBody(`<p><img width="9" src="${cid}" alt="logo"></p>`);
    const { body, headers } = await open();
    const [src = ""] = sources(body);
    expect(src).toMatch(/^https:\/\/xabar\.test\/files\/attachments\/.*X-Amz-Signature=/);
    expect(headers.get("content-security-policy")).toContain("img-src https://xabar.test data:;");
    const image = await exports.default.fetch(new Request(src));
    expect([image.status, image.headers.get("content-type")]).toEqual([200, type]);
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(bytes);
  });

  it.each(["cid:unknown@x", "cid:", "cid:%", "cid:drawing@x", "cid:page@x", "cid:LOGO@Y"])(
    "is blank when %s names no picture",
    async (cid) => {
      const [src] = sources(await show(`<img src="${cid}">`));
      expect(src).toMatch(blank);
    },
  );

  it("of another message is blank, even in the same company", async () => {
    const id = await db.prepare("SELECT id FROM ems_attachments WHERE content_id = 'logo@x'").first("id");
    await db.prepare("UPDATE ems_attachments SET message_id = 'other' WHERE id = ?").bind(id).run();
    const [src] = sources(await show('<img src="cid:logo@x">'));
    await db.prepare("UPDATE ems_attachments SET message_id = ? WHERE id = ?").bind(message.id, id).run();
    expect(src).toMatch(blank);
  });

  it("is blank if the provider fails, and the rest of the page is complete", async () => {
    await db.prepare("UPDATE ems_attachments SET stored_at = NULL").run();
    await breakRoute("/download", "502html");
    const html = '<p>Text</p><img src="cid:logo@x">';
    const broken = await show(html);
    expect(broken).toContain("<p>Text</p>");
    expect(sources(broken)[0]).toMatch(blank);
    expect(sources(await show(html))[0]).toMatch(/^https:/);
  });

  it("is fetched to R2 if it is not there yet", async () => {
    await db.prepare("UPDATE ems_attachments SET stored_at = NULL").run();
    await env.ATTACHMENTS.delete(await keysUnder("attachments/"));
    const [src = ""] = sources(await show('<img src="cid:logo@x">'));
    const image = await exports.default.fetch(new Request(src));
    expect(image.status).toBe(200);
    await image.body?.cancel();
  });

  it("in the text of a mail stays text", async () => {
    const html = await show('&lt;img src="cid:logo@x"&gt; <p title=\'<img src="cid:logo@x">\'>x</p>');
    expect(html).not.toContain("/files/");
  });
});
