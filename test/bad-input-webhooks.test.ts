import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { hmacHex } from "../src/lib/hmac.ts";
import { type Client, connectMailbox, createClient, unique } from "./support/client.ts";
import { eventually } from "./support/nylas.ts";

const URL_OF_DOOR = "https://xabar.test/webhooks/nylas";
const MB = 1024 * 1024;

const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  exports.default.fetch(new Request(URL_OF_DOOR, { method: "POST", body, headers }));

async function signatureOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = new TextEncoder().encode(env.NYLAS_WEBHOOK_SECRET);
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function postSigned(body: string | Uint8Array<ArrayBuffer>, headers = {}): Promise<Response> {
  const bytes = typeof body === "string" ? Uint8Array.from(new TextEncoder().encode(body)) : body;
  return post(bytes, { "x-nylas-signature": await signatureOf(bytes), ...headers });
}

const gzip = async (text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );

const now = Math.floor(Date.now() / 1000);

const notification = (grant_id: string, subject: string, padding = "") =>
  JSON.stringify({
    specversion: "1.0",
    type: "message.created",
    id: `n${unique()}`,
    time: now,
    data: {
      object: {
        ...{ id: `m${unique()}`, grant_id, thread_id: `t${unique()}`, subject, date: now },
        ...{ from: [{ email: "x@out.example" }], to: [{ email: "y@demo.example" }], body: `Hi${padding}` },
      },
    },
  });

async function expectRefused(response: Response, status: 400 | 401): Promise<void> {
  const body = await response.json();
  expect({ status: response.status, body }).toEqual({ status, body: { detail: expect.any(String) } });
}

let client: Client;
let grant: string;
beforeAll(async () => {
  client = await createClient();
  grant = (await connectMailbox(client)).grant_id;
});

describe("a notification without a valid signature", () => {
  const body = () => notification(grant, "Forged", "x".repeat(150_000));

  it("is 401", async () => {
    const text = body();
    const right = await hmacHex(env.NYLAS_WEBHOOK_SECRET, text);
    const signatures = [
      ...["", "x", "0".repeat(64), "z".repeat(64), "null", "undefined", `sha256=${right}`],
      ...[right.slice(1), right.slice(0, -1), `${right}0`, `${right}${right}`, `${right.slice(0, -2)}zz`],
      await hmacHex(`${env.NYLAS_WEBHOOK_SECRET}x`, text),
      await hmacHex("mock-webhook-secret", text), // the secret of Nylas's own test events
      await hmacHex(env.NYLAS_WEBHOOK_SECRET, `${text} `),
      await hmacHex(env.NYLAS_WEBHOOK_SECRET, ""),
      await hmacHex(env.JWT_SECRET, text),
    ];
    for (const signature of signatures) {
      await expectRefused(await post(text, { "x-nylas-signature": signature }), 401);
    }
    await expectRefused(await post(text), 401);
    await expectRefused(await post(text, { authorization: `Bearer ${client.token}` }), 401);
  });

  it("is 401 if the signature is of the inflated text and not of the gzip bytes", async () => {
    const text = body();
    const signature = await hmacHex(env.NYLAS_WEBHOOK_SECRET, text);
    const headers = { "x-nylas-signature": signature, "content-encoding": "gzip" };
    await expectRefused(await post(await gzip(text), headers), 401);
  });

  it("stores nothing, although the signed one does", async () => {
    const stored = async () => (await env.ATTACHMENTS.list({ prefix: "notifications/" })).objects.length;
    const before = await stored();
    for (const text of [body(), notification(grant, "Forged")]) {
      await post(text, { "x-nylas-signature": "0".repeat(64) });
      await post(text);
    }
    expect(await stored()).toBe(before);

    await postSigned(notification(grant, "Genuine"));
    await postSigned(await gzip(notification(grant, "Genuine, too")), { "content-encoding": "gzip" });
    const subjects = await eventually(async () => {
      const { body: page } = await client.call("GET", "/messages");
      expect(page.items).toHaveLength(2);
      return page.items.map(({ subject }: { subject: string }) => subject);
    });
    expect(subjects.sort()).toEqual(["Genuine", "Genuine, too"]);
  });
});

describe("a signed notification is 400", () => {
  const base = { id: "n1", type: "message.created", data: { object: {} } };

  it.each(
    [
      ...["", "{", "null", "true", "1", "[]", '"text"', "[{}]", "{}", "\u0000", '{"id":"n1"}'],
      ...[
        { ...base, id: "" },
        { ...base, id: 1 },
        { ...base, id: null },
        { ...base, type: "" },
        { ...base, type: 1 },
      ],
      ...[
        { ...base, data: null },
        { ...base, data: [] },
      ],
      ...[
        { ...base, data: { object: "x" } },
        { ...base, data: { object: { grant_id: 1 } } },
      ],
      ...[
        { ...base, time: "now" },
        { ...base, data: { grant_id: 1, object: {} } },
      ],
    ].map((value) => [typeof value === "string" ? value : JSON.stringify(value)]),
  )("as %s", async (text) => expectRefused(await postSigned(text), 400));

  it("when its bytes are not UTF-8", async () =>
    expectRefused(await postSigned(new Uint8Array([0xff, 0xfe, 0x00, 0x80])), 400));

  it("when it claims to be gzip and is not", async () => {
    const headers = { "content-encoding": "gzip" };
    await expectRefused(await postSigned(JSON.stringify(base), headers), 400);
    await expectRefused(await postSigned((await gzip(JSON.stringify(base))).slice(0, -9), headers), 400);
    await expectRefused(await postSigned(await gzip("{"), headers), 400);
    await expectRefused(await postSigned(new Uint8Array(0), headers), 400);
  });

  it("when it is gzip without saying so", async () =>
    expectRefused(await postSigned(await gzip(JSON.stringify(base))), 400));

  it("when it is over the limit", async () => {
    await expectRefused(await postSigned(notification("none", "Large", "x".repeat(2 * MB))), 400);
  });

  it("when its inflated size is over the limit", async () => {
    const bomb = await gzip(notification("none", "Bomb", "x".repeat(17 * MB)));
    expect(bomb.length).toBeLessThan(MB);
    await expectRefused(await postSigned(bomb, { "content-encoding": "gzip" }), 400);
  });
});

it.each([1_000, 100_000])(
  "a signed notification that is nested %d levels deep is handled safely",
  async (depth) => {
    const deep = ['{"a":'.repeat(depth), 1, "}".repeat(depth)].join("");
    const text = `{"id":"n1","type":"message.created","data":{"object":{"deep":${deep}}}}`;
    expect((await postSigned(text)).status).toBeLessThan(500);
  },
);

it("an unsigned body over the limit is not read", async () => {
  await expectRefused(await post("x".repeat(3 * MB)), 401);
  await expectRefused(await post("x".repeat(3 * MB), { "x-nylas-signature": "0".repeat(64) }), 400);
});

describe("a challenge", () => {
  const challenge = (query: string) => exports.default.fetch(`${URL_OF_DOOR}${query}`);

  it("is 400 when it is missing, empty, too long or repeated", async () => {
    for (const query of [
      "",
      "?",
      "?challenge=",
      `?challenge=${"x".repeat(501)}`,
      "?challenge=a&challenge=b",
    ]) {
      const response = await challenge(query);
      expect(response.status, query.slice(0, 30)).toBe(400);
      expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/^challenge: /) });
    }
  });

  it.each([
    "abc",
    "A-_.~9",
    "x".repeat(500),
    "a b",
    "a+b",
    "\u00e9\u4e2d\ud83d\ude00",
    "<script>alert(1)</script>",
    '{"a":1}',
  ])("%s is returned unchanged, as plain text", async (text) => {
    const response = await challenge(`?challenge=${encodeURIComponent(text)}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(text);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain\b/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    // Compression would make it chunked, which Nylas does not accept.
    expect(response.headers.get("content-encoding")).toBe("identity");
    expect(response.headers.get("transfer-encoding")).toBeNull();
  });
});
