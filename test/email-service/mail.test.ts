import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/email-service/routes.ts";
import { cuid } from "../../src/lib/cuid.ts";
import {
  createAccount,
  type EmailClient,
  emailClient,
  folderOf,
  inMailbox,
  messageOf,
} from "../support/email-client.ts";

/** A client with an account that has a folder of three messages. The first one has a file. */
async function filled() {
  const client = await emailClient();
  const { id } = await createAccount(client);
  const folder = folderOf();
  const never = folderOf({ name: "Spam", type: "spam", syncedAt: null });
  const mails = [0, 1, 2].map((n) =>
    messageOf(id, { folderId: folder.id, isRead: n === 1, subject: `Nr ${n}` }),
  );
  await inMailbox(id, (mailbox) => {
    mailbox.listed = [folder, never];
    mailbox.mails = mails;
  });
  const [mail] = mails;
  const file = mail!.attachments[0]!;
  await env.ATTACHMENTS.put(`mail/${id}/${file.id}`, "the bytes");
  return { client, id, folder, mails, mail: mail!, file, base: `/api/${id}` };
}

describe("folders", () => {
  it("are listed with their account; one that was never synced has no time", async () => {
    const { client, id, base, folder } = await filled();
    const { status, body } = await client.call("GET", `${base}/folders`);
    expect([status, body.total]).toEqual([200, 2]);
    expect(body.folders[0]).toEqual({ ...folder, accountId: id });
    expect(body.folders[1]).not.toHaveProperty("syncedAt");
  });
});

describe("a list of messages", () => {
  it("asks the mailbox for the page, and has its account and the total", async () => {
    const { client, id, base, folder, mails } = await filled();
    const query = "limit=2&offset=1&sort=from:asc&filter=all";
    const { body } = await client.call("GET", `${base}/folders/${folder.id}/messages?${query}`);
    expect(body.pagination).toEqual({ total: 3, limit: 2, offset: 1 });
    expect(body.messages.map(({ id }: { id: string }) => id)).toEqual(mails.slice(1).map((mail) => mail.id));
    expect(body.messages[0]).toMatchObject({ accountId: id, folderId: folder.id });
    expect(body.messages[0]).not.toHaveProperty("body");
    const asked = await inMailbox(id, ({ calls }) => calls.at(-1)?.args[1]);
    expect(asked).toEqual({ folderId: folder.id, limit: 2, offset: 1, sort: "from:asc", filter: "all" });
  });

  it.each([
    "limit=0",
    "limit=501",
    "limit=-1",
    "offset=-1",
    "offset=x",
    "sort=subject",
    "filter=starred",
    "q=1",
  ])("refuses %s", async (query) => {
    const { client, base, folder } = await filled();
    const { status } = await client.call("GET", `${base}/folders/${folder.id}/messages?${query}`);
    expect(status).toBe(400);
  });

  it("of an unknown folder is 404", async () => {
    const { client, base } = await filled();
    expect((await client.call("GET", `${base}/folders/${cuid()}/messages`)).status).toBe(404);
    expect((await client.call("GET", `${base}/folders/..%2f..%2fx/messages`)).status).toBe(400);
  });
});

describe("a message", () => {
  it("has its body, headers and files, each with a link", async () => {
    const { client, id, base, mail, file } = await filled();
    const { status, body } = await client.call("GET", `${base}/messages/${mail.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...mail, accountId: id, attachments: [file] });
    expect(new URL(body.attachments[0].downloadUrl).pathname).toBe(`${base}/attachments/${file.id}/download`);
  });

  it("is changed as asked, and labels are a set", async () => {
    const { client, id, base, mail } = await filled();
    const change = { isRead: true, isStarred: true, isSpam: false, labels: ["work", "work", "ish"] };
    const { status, body } = await client.call("PATCH", `${base}/messages/${mail.id}`, change);
    expect([status, body.isRead, body.labels]).toEqual([200, true, ["work", "ish"]]);
    await client.call("PATCH", `${base}/messages/${mail.id}`, { isStarred: false, folderId: "x" });
    expect(await inMailbox(id, ({ calls }) => calls.at(-1)?.args[2])).toEqual({ isStarred: false });
  });

  it.each([
    { isRead: "yes" },
    { isStarred: null },
    { labels: "work" },
    { labels: [""] },
    { labels: ["a\r\nb"] },
    { labels: Array(101).fill("x") },
  ])("is not changed by %j", async (change) => {
    const { client, base, mail } = await filled();
    expect((await client.call("PATCH", `${base}/messages/${mail.id}`, change)).status).toBe(400);
  });
});

describe("what a mailbox refuses", () => {
  it.each([
    ["NOT_FOUND", 404, null],
    ["INVALID", 400, null],
    ["CONFLICT", 409, null],
    ["KEY_REUSED", 409, null],
    ["TOO_LARGE", 400, null],
    ["KEYS_MISSING", 500, null],
    ["OAUTH_UNAVAILABLE", 503, null],
    ["CONNECTION_FAILED", 503, "30"],
    ["TLS_UNTRUSTED", 503, "30"],
    ["PROTOCOL_MISMATCH", 503, "30"],
    ["AUTHENTICATION_FAILED", 503, "30"],
    ["SMTP_UNKNOWN", 503, "30"],
    ["SEND_REFUSED", 503, "30"],
    ["SEND_UNKNOWN", 503, "30"],
    ["OAUTH_FAILED", 503, "30"],
  ] as const)("with %s is %i", async (code, expected, retryAfter) => {
    const { client, id, base, mail } = await filled();
    await inMailbox(id, (mailbox) => {
      mailbox.refusal = { ok: false, code, message: "Because." };
    });
    const { status, body, headers } = await client.call("GET", `${base}/messages/${mail.id}`);
    expect([status, body.code, body.message]).toEqual([expected, code, "Because."]);
    expect(headers.get("retry-after")).toBe(retryAfter);
  });

  it("with a time to wait says it", async () => {
    const { client, id, base } = await filled();
    await inMailbox(id, (mailbox) => {
      mailbox.refusal = { ok: false, code: "THROTTLED", message: "Slowly.", retryAfterSeconds: 77 };
    });
    const { status, headers } = await client.call("GET", `${base}/folders`);
    expect([status, headers.get("retry-after")]).toEqual([503, "77"]);
  });

  it("by failing is 503, and so is a deployment without mailboxes, where accounts are still listed", async () => {
    const { client, id, base } = await filled();
    await inMailbox(id, (mailbox) => {
      mailbox.isBroken = true;
    });
    const broken = await client.call("GET", `${base}/folders`);
    expect([broken.status, broken.body.code]).toEqual([503, "ENGINE_UNAVAILABLE"]);
    const ask = (path: string) => {
      const headers = { authorization: `Bearer ${client.token}` };
      const execution = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as never;
      const on = { ...env, MAILBOX: undefined } as never;
      return app.fetch(new Request(`https://xabar.test${path}`, { headers }), on, execution);
    };
    expect((await ask(`${base}/folders`)).status).toBe(503);
    expect((await ask(`/api/accounts/${id}`)).status).toBe(200);
    expect((await ask("/api/accounts")).status).toBe(200);
  });
});

const get = (url: string, headers: HeadersInit = {}): Promise<Response> =>
  exports.default.fetch(new Request(url, { headers }));

describe("a file", () => {
  it("is sent as bytes to be saved, under its name, and not run", async () => {
    const { client, base, file } = await filled();
    const url = `https://xabar.test${base}/attachments/${file.id}/download`;
    const response = await get(url, { authorization: `Bearer ${client.token}` });
    expect([response.status, await response.text()]).toEqual([200, "the bytes"]);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toContain('filename="hisobot.pdf"');
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-security-policy")).toContain("sandbox");
    expect(response.headers.get("x-ratelimit-limit")).toBe("50");
  });

  it("is sent in parts", async () => {
    const { client, base, file } = await filled();
    const url = `https://xabar.test${base}/attachments/${file.id}/download`;
    const headers = { authorization: `Bearer ${client.token}` };
    const part = await get(url, { ...headers, range: "bytes=4-6" });
    expect([part.status, await part.text()]).toEqual([206, "byt"]);
    expect(part.headers.get("content-range")).toBe("bytes 4-6/9");
  });

  it("comes by its link without a token, for an hour, and no longer nor by another link", async () => {
    const { client, base, mail } = await filled();
    const { body } = await client.call("GET", `${base}/messages/${mail.id}`);
    const link = body.attachments[0].downloadUrl as string;
    const response = await get(link);
    expect([response.status, await response.text()]).toEqual([200, "the bytes"]);
    const other = messageOf(cuid()).attachments[0]!.id;
    for (const forged of [
      link.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      link.replace(mail.attachments[0]!.id, other),
      link.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
    ]) {
      const { status, body } = await asJson(await get(forged));
      expect([status, body.error]).toEqual([403, "Forbidden"]);
    }
    vi.useFakeTimers({ now: Date.now() + 3_601_000, toFake: ["Date"] });
    expect((await get(link)).status).toBe(403);
    vi.useRealTimers();
  });

  it("of a deleted account does not come by an old link", async () => {
    const { client, id, base, mail } = await filled();
    const { body } = await client.call("GET", `${base}/messages/${mail.id}`);
    await client.call("DELETE", `/api/accounts/${id}`);
    expect((await get(body.attachments[0].downloadUrl)).status).toBe(404);
  });

  it("that the mailbox does not have is 404", async () => {
    const { client, id, base } = await filled();
    const { status } = await client.call("GET", `${base}/attachments/${id}-${cuid()}-2/download`);
    expect(status).toBe(404);
  });
});

const asJson = async (response: Response) => ({
  status: response.status,
  // biome-ignore lint/suspicious/noExplicitAny: of several shapes
  body: (await response.json()) as any,
});

describe("an upload", () => {
  const post = async ({ token }: EmailClient, base: string, body: BodyInit, headers: HeadersInit = {}) => {
    const request = new Request(`https://xabar.test${base}/attachments`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(headers)) },
      body,
    });
    return asJson(await exports.default.fetch(request));
  };
  const formOf = (...files: File[]) => {
    const form = new FormData();
    form.append("note", "not a file");
    for (const file of files) form.append("file", file);
    return form;
  };
  const garbageOf = async (id: string) =>
    (
      await env.EMAIL_SERVICE_DB.prepare("SELECT key FROM es_garbage WHERE key LIKE ?")
        .bind(`mail/${id}/%`)
        .all()
    ).results;

  it("of several files stores each, hands them to the mailbox, and they can be downloaded", async () => {
    const { client, id, base } = await filled();
    const files = [new File(["one"], "../a.txt", { type: "text/plain" }), new File(["two!"], "b.bin")];
    const { status, body } = await post(client, base, formOf(...files));
    expect(status).toBe(201);
    expect(body.attachments).toMatchObject([
      { filename: "a.txt", mimeType: "text/plain", size: 3 },
      { filename: "b.bin", mimeType: "application/octet-stream", size: 4 },
    ]);
    expect(body.attachments[0].id).toMatch(new RegExp(`^${id}-uc[0-9a-z]{24}$`));
    expect(await (await get(body.attachments[1].downloadUrl)).text()).toBe("two!");
    expect(await garbageOf(id), "the mailbox has them").toEqual([]);
  });

  it.each([
    ["no form", "text", { "content-type": "text/plain" }],
    ["a form without files", formOf(), {}],
    ["21 files", formOf(...Array.from({ length: 21 }, (_, n) => new File([`${n}`], `${n}.txt`))), {}],
    [
      "a form that ends early",
      "--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nabc",
      {
        "content-type": "multipart/form-data; boundary=x",
      },
    ],
  ])("of %s is refused, and leaves nothing", async (_, form, headers) => {
    const { client, id, base } = await filled();
    const { status, body } = await post(client, base, form as BodyInit, headers as HeadersInit);
    expect([status, body.error]).toEqual([400, "Bad request"]);
    const { objects } = await env.ATTACHMENTS.list({ prefix: `mail/${id}/uploads/` });
    expect(objects).toEqual([]);
  });

  it("of more than 25 MB is refused, and leaves nothing", async () => {
    const { client, id, base } = await filled();
    const large = new File([new Uint8Array(25 * 1024 * 1024 + 1)], "large.bin");
    const { status, body } = await post(client, base, formOf(large));
    expect([status, body.code]).toEqual([400, "TOO_LARGE"]);
    expect((await env.ATTACHMENTS.list({ prefix: `mail/${id}/uploads/` })).objects).toEqual([]);
  });

  it("under a key is stored once", async () => {
    const { client, id, base } = await filled();
    const headers = { "idempotency-key": "upload-once" };
    const file = () => formOf(new File(["one"], "a.txt"));
    const [first, second] = [
      await post(client, base, file(), headers),
      await post(client, base, file(), headers),
    ];
    expect(second).toEqual(first);
    expect(await inMailbox(id, ({ uploads }) => uploads.length)).toBe(1);
  });

  it("that the mailbox does not take is left to cron", async () => {
    const { client, id, base } = await filled();
    await inMailbox(id, (mailbox) => {
      mailbox.isBroken = true;
    });
    expect((await post(client, base, formOf(new File(["one"], "a.txt")))).status).toBe(503);
    expect(await garbageOf(id)).toHaveLength(1);
  });
});
