import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AttachmentResponse } from "../../src/ems/attachments/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { db } from "../support/db.ts";
import { breakRoute, eventually, receiveMail } from "../support/nylas.ts";

const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => (n * 31) % 256);
const base64 = (data: Uint8Array) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));

let client: Client;
let message: MessageResponse;

const named = (filename: string): AttachmentResponse => {
  const found = message.attachments.find((attachment) => attachment.filename === filename);
  if (!found) throw new Error(`no ${filename}`);
  return found;
};

const urlOf = async (filename: string): Promise<string> =>
  (await client.call("GET", `/attachments/${named(filename).id}/download`)).body.download_url;

const download = (url: string, headers: HeadersInit = {}) =>
  exports.default.fetch(new Request(url, { headers }));

beforeAll(async () => {
  client = await createClient();
  const account = await connectMailbox(client);
  await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject: "Files",
    html: '<p>Our logo: <img src="cid:logo@x"></p>',
    attachments: [
      { filename: "hisob «faktura» №1.pdf", contentType: "application/pdf", content: base64(bytes) },
      { filename: "page.html", contentType: "text/html", content: btoa("<script>alert(1)</script>") },
      { filename: "logo.png", contentType: "image/png", content: btoa("png"), contentId: "logo@x" },
      { filename: "unused.png", contentType: "image/png", content: btoa("png"), contentId: "unused@x" },
    ],
  });
  message = await eventually(async () => {
    const { body } = await client.call("GET", "/messages/");
    expect(body.items).toHaveLength(1);
    return body.items[0];
  });
});

it("attachments are stored in R2 on arrival, under a key that starts with the company", async () => {
  const keys = message.attachments.map(({ id }) => `attachments/${client.claims.companies[0]}/${id}`);
  await eventually(async () => {
    const { results } = await db.prepare("SELECT 1 FROM ems_attachments WHERE stored_at IS NOT NULL").all();
    expect(results).toHaveLength(keys.length);
  });
  for (const key of keys) expect(await env.ATTACHMENTS.head(key), key).not.toBeNull();
});

describe("a download link", () => {
  it("is 502 while the provider fails, and works afterwards", async () => {
    const { attachments } = message;
    await db.prepare("UPDATE ems_attachments SET stored_at = NULL").run();
    await breakRoute("/download", "502html");
    const path = `/attachments/${attachments[0]?.id}/download`;
    expect((await client.call("GET", path)).status).toBe(502);
    expect((await client.call("GET", path)).status).toBe(200);
  });

  it("with any part altered is 403", async () => {
    const good = new URL(await urlOf("page.html"));
    const altered = [
      (url: URL) => url.searchParams.delete("X-Amz-Signature"),
      (url: URL) => url.searchParams.set("X-Amz-Signature", "0".repeat(64)),
      (url: URL) => url.searchParams.set("X-Amz-Expires", "999999"),
      (url: URL) => url.searchParams.set("X-Amz-Date", "20990101T000000Z"),
      (url: URL) => url.searchParams.set("X-Amz-Date", "yesterday"),
      (url: URL) => url.searchParams.set("response-content-type", "text/html"),
      (url: URL) => {
        url.pathname = url.pathname.replace(named("page.html").id, named("logo.png").id);
      },
    ];
    for (const alter of altered) {
      const url = new URL(good);
      alter(url);
      const response = await download(url.href);
      expect(response.status, String(alter)).toBe(403);
      expect(await response.json()).toEqual({ detail: expect.any(String) });
    }
    expect((await download(good.href)).status).toBe(200);
  });

  it("serves the original bytes and file name", async () => {
    const response = await download(await urlOf("hisob «faktura» №1.pdf"));
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.get("content-type")).toBe("application/pdf");
    expect(response.headers.get("content-length")).toBe(String(bytes.length));
    const name = "filename*=UTF-8''hisob%20%C2%ABfaktura%C2%BB%20%E2%84%961.pdf";
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="hisob _faktura_ _1.pdf"; ${name}`,
    );
  });

  it("serves ranges", async () => {
    const url = await urlOf("hisob «faktura» №1.pdf");
    for (const [range, from, to] of [
      ["bytes=10-19", 10, 20],
      ["bytes=69990-", 69_990, 70_000],
      ["bytes=-5", 69_995, 70_000],
    ] as const) {
      const response = await download(url, { range });
      expect(response.status, range).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/70000`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes.slice(from, to));
    }
  });

  it("never serves a stranger's file as HTML in our origin", async () => {
    const { headers } = await download(await urlOf("page.html"));
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-disposition")).toMatch(/^attachment/);
    expect(headers.get("content-security-policy")).toContain("sandbox");
  });
});

describe("attachments", () => {
  it("are listed in the mail's order, and are inline only if the HTML shows them", async () => {
    const { body } = await client.call("GET", `/attachments/message/${message.id}`);
    expect(body).toEqual(message.attachments);
    expect(body.map((each: AttachmentResponse) => [each.filename, each.is_inline])).toEqual([
      ["hisob «faktura» №1.pdf", false],
      ["page.html", false],
      ["logo.png", true],
      ["unused.png", false],
    ]);
    expect(body[0]).toMatchObject({
      size_bytes: 70_000,
      content_type: "application/pdf",
      message_id: message.id,
    });
    expect(message.has_attachments).toBe(true);
  });
});
