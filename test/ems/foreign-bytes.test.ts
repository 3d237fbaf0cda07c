import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { inlineUrls } from "../../src/ems/attachments/inline.ts";
import { presign } from "../../src/ems/attachments/presign.ts";
import { config } from "../../src/ems/config.ts";
import type { UserCtx } from "../../src/ems/context.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { nylasProvider } from "../../src/ems/provider/nylas/client.ts";
import { errorOf, sendErrorOf } from "../../src/ems/provider/nylas/errors.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { db } from "../support/db.ts";
import { metered } from "../support/meter.ts";
import { eventually, receiveMail } from "../support/nylas.ts";

// Bytes from the provider come from strangers. These tests limit how many we buffer and where they end up.

const COUNT = 15;
const cid = (nth: number) => `image${nth}@x`;
const cids = Array.from({ length: COUNT }, (_, nth) => cid(nth));

let client: Client;
let message: MessageResponse;

beforeAll(async () => {
  client = await createClient();
  const account = await connectMailbox(client);
  await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject: "Pictures",
    html: cids.map((id) => `<img src="cid:${id}">`).join(""),
    attachments: cids.map((contentId, nth) => ({
      ...{ filename: `${nth}.png`, contentType: "image/png", content: btoa(`image ${nth}`) },
      contentId,
    })),
  });
  message = await eventually(async () => {
    const { body } = await client.call("GET", "/messages/");
    expect(body.items[0].attachments).toHaveLength(COUNT);
    return body.items[0];
  });
  // Else the job that stores them may still be running.
  await eventually(async () => expect(await countStored()).toBe(COUNT));
});

const countStored = () =>
  db
    .prepare("SELECT count(stored_at) AS n FROM ems_attachments WHERE message_id = ?")
    .bind(message.id)
    .first<number>("n");

const lose = (columns: string) =>
  db
    .prepare(`UPDATE ems_attachments SET stored_at = NULL, ${columns} WHERE message_id = ?`)
    .bind(message.id)
    .run();

/** A context whose provider returns each file in chunks, without a length. */
function withDownloads(
  piece: Uint8Array,
  pieces: number,
): { ctx: UserCtx; most(): number; downloads(): number } {
  let [open, most, downloads] = [0, 0, 0];
  const download = async () => {
    downloads++;
    most = Math.max(most, ++open);
    let left = pieces;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) return controller.enqueue(piece.slice());
        open--;
        controller.close();
      },
    });
    return { body, size: null };
  };
  const { ctx } = metered(client.claims);
  return {
    ctx: { ...ctx, providerOf: (account) => ({ ...ctx.providerOf(account), download }) } as UserCtx,
    most: () => most,
    downloads: () => downloads,
  };
}

describe("inline images", () => {
  it("are fetched six at a time, and are whole", async () => {
    await lose("size_bytes = 10");
    const piece = new TextEncoder().encode("picture ");
    const { ctx, most, downloads } = withDownloads(piece, 3);
    const urls = await inlineUrls(ctx, message.id, cids);
    expect([...urls.keys()].toSorted()).toEqual(cids.toSorted());
    expect([most(), downloads()]).toEqual([6, COUNT]);
    const [first] = message.attachments;
    const object = await env.ATTACHMENTS.get(`attachments/${client.claims.companies[0]}/${first?.id}`);
    expect(await object?.text()).toBe("picture picture picture ");
  });

  it("over 25 MB are neither fetched nor shown", async () => {
    await lose(`size_bytes = ${25 * 1024 * 1024} + (filename = '3.png')`);
    const { ctx, downloads } = withDownloads(new Uint8Array(1), 1);
    const urls = await inlineUrls(ctx, message.id, cids);
    expect(urls.has(cid(3))).toBe(false);
    expect([urls.size, downloads()]).toEqual([COUNT - 1, COUNT - 1]);
  });
});

it("a file of unknown length is uploaded in parts", async () => {
  await lose("size_bytes = 1");
  const piece = new Uint8Array(1024 * 1024).fill(7);
  const { ctx } = withDownloads(piece, 12);
  await inlineUrls(ctx, message.id, [cid(0)]);
  const { id } = message.attachments.find(({ filename }) => filename === "0.png")!;
  const object = await env.ATTACHMENTS.get(`attachments/${client.claims.companies[0]}/${id}`);
  const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
  expect(bytes.length).toBe(12 * 1024 * 1024);
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});

describe("a download", () => {
  const typeOf = async (contentType: string) => {
    const { ctx } = metered(client.claims);
    const url = await presign(ctx, { key: "attachments/1/x", filename: "x", contentType });
    return new URL(url).searchParams.get("response-content-type");
  };

  it.each([
    ...["image/png", "image/heic", "audio/mpeg", "video/mp4", "text/plain", "text/csv", "text/calendar"],
    ...["application/pdf", "application/zip", "application/msword", "application/vnd.ms-excel"],
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.text",
  ])("of %s keeps its type", async (type) => {
    expect(await typeOf(type)).toBe(type);
    expect(await typeOf(type.toUpperCase())).toBe(type);
  });

  it.each([
    ...[
      "text/html",
      "text/xsl",
      "text/xml",
      "text/javascript",
      "text/cache-manifest",
      "image/svg+xml",
      "image/x+xml",
    ],
    ...[
      "multipart/x-mixed-replace",
      "multipart/related",
      "application/xhtml+xml",
      "application/x-msdownload",
    ],
    ...[
      "application/javascript",
      "message/rfc822",
      "text/plain; charset=utf-7",
      "image/png\r\nx: y",
      "",
      "png",
    ],
    ...["application/vnd.mozilla.xul+xml", "image/", "application/pdf, text/html"],
  ])("of %j is served as plain bytes", async (type) => {
    expect(await typeOf(type)).toBe("application/octet-stream");
  });
});

it("an id of dots reaches no other path of the provider with our API key", async () => {
  const fetched = vi.spyOn(globalThis, "fetch");
  const provider = nylasProvider(config(env));
  for (const id of [".", "..", ""]) {
    expect(await provider.findGrant(id)).toBeNull();
    expect(await provider.getMessage("grant", id)).toBeNull();
    expect(await provider.download("grant", "message", id)).toBeNull();
    await expect(provider.listMessages(id, { cursor: null, limit: 1 })).rejects.toThrow("no such id");
  }
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
});

it("the log has only type and request id of a provider's refusal", async () => {
  const body = JSON.stringify({
    request_id: "r-1",
    error: { type: "invalid_request", message: "kim@example.org is odd", detail: "kim@example.org" },
  });
  const page = "<html>kim@example.org</html>";
  for (const read of [errorOf, sendErrorOf]) {
    const told = await read(new Response(body, { status: 400 }));
    expect(told.cause).toEqual({ status: 400, type: "invalid_request", request_id: "r-1" });
    expect((await read(new Response(page, { status: 502 }))).cause).toEqual({
      status: 502,
      type: "",
      request_id: "",
    });
  }
});
