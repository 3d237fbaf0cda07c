import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { filesNamed } from "../../src/ems/attachments/outgoing.ts";
import { type Upload, uploadFiles, uploadKeyOf } from "../../src/ems/attachments/uploads.ts";
import type { UserCtx } from "../../src/ems/context.ts";
import { toHex } from "../../src/lib/hex.ts";
import { faultyEnv } from "../chaos/faults.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { userContextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { cron } from "../support/lifetime.ts";

const MB = 1024 * 1024;
const encoder = new TextEncoder();
const CONTENT_TYPE = { "content-type": "multipart/form-data; boundary=x" };

interface File {
  filename?: string;
  headers?: string;
  content?: string | Uint8Array;
}

const file = ({
  filename = "a.txt",
  headers = "",
  content = "bytes",
}: File = {}): (string | Uint8Array)[] => [
  `--x\r\nContent-Disposition: form-data; name="files"; filename="${filename}"\r\n${headers}\r\n`,
  content,
  "\r\n",
];

const field = (name: string, value: string | number): string[] => [
  `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
];

const END = "--x--\r\n";

/** A body that is streamed in chunks of 64 KB, and how much of it was read. */
function streamOf(pieces: (string | Uint8Array)[], fault?: Error) {
  const chunks = pieces.flatMap((piece) => {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
    return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, n) =>
      bytes.slice(n * 65_536, (n + 1) * 65_536),
    );
  });
  const state = { given: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks.shift();
        state.given += chunk?.length ?? 0;
        if (chunk) controller.enqueue(chunk);
        else if (fault) controller.error(fault);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

let client: Client;
let company: number;

async function post(
  pieces: (string | Uint8Array)[],
  { query = "", headers = CONTENT_TYPE }: { query?: string; headers?: HeadersInit } = {},
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
): Promise<{ status: number; body: any }> {
  const init = {
    method: "POST",
    headers: { authorization: `Bearer ${client.token}`, ...Object.fromEntries(new Headers(headers)) },
    body: streamOf(pieces).stream,
  };
  const response = await exports.default.fetch(new Request(`https://xabar.test/attachments/${query}`, init));
  return { status: response.status, body: await response.json() };
}

/** All uploads in R2 and D1. */
async function kept(): Promise<{ keys: string[]; rows: Upload[] }> {
  const { objects } = await env.ATTACHMENTS.list({ prefix: "uploads/" });
  const { results } = await db.prepare("SELECT * FROM ems_uploads ORDER BY rowid").all<Upload>();
  return { keys: objects.map(({ key }) => key).toSorted(), rows: results };
}

const contextOf = ({ claims }: Client, bindings: Partial<Env> = {}): UserCtx =>
  userContextOf(claims, { ...env, ...bindings });

const sha256 = async (bytes: Uint8Array | ArrayBuffer): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

beforeEach(async () => {
  const { keys } = await kept();
  if (keys.length) await env.ATTACHMENTS.delete(keys);
  await db.prepare("DELETE FROM ems_uploads").run();
  client = await createClient();
  company = client.claims.companies[0]!;
});

afterEach(() => vi.restoreAllMocks());

describe("refused, with nothing stored, is", () => {
  afterEach(async () => expect(await kept()).toEqual({ keys: [], rows: [] }));

  const expectRefused = async (status: number, detail: string, ...args: Parameters<typeof post>) => {
    expect(await post(...args)).toEqual({ status, body: { detail: expect.stringContaining(detail) } });
  };

  it.each([
    "",
    "application/json",
    "text/plain",
    "multipart/mixed; boundary=x",
    "application/x-www-form-urlencoded",
  ])("a form under the content-type %j", (type) =>
    expectRefused(400, "content-type: must be multipart/form-data", [...file(), END], {
      headers: type ? { "content-type": type } : {},
    }),
  );

  it("a content-type without a boundary", () =>
    expectRefused(400, "content-type: names no boundary", [...file(), END], {
      headers: { "content-type": "multipart/form-data" },
    }));

  it("a request without a body", async () => {
    const { status, body } = await client.call("POST", "/attachments", undefined, CONTENT_TYPE);
    expect([status, body.detail]).toEqual([400, "body: ends before its last boundary"]);
  });

  it.each([
    ["none", []],
    ["only fields", field("note", "x")],
    ["only an input in which nothing was chosen", file({ filename: "", content: "" })],
  ])("a form whose files are %s", (_, pieces) =>
    expectRefused(400, "files: the form has none", [...pieces, END]),
  );

  it("a form cut off after its first file, in a second of 6 MB", () =>
    expectRefused(400, "body: ends before", [
      ...file(),
      ...file({ content: randomBytes(6 * MB) }).slice(0, 2),
    ]));

  it("a form malformed after its first file", () =>
    expectRefused(400, "body: a part has no valid Content-Disposition", [...file(), "--x\r\n\r\n\r\n", END]));

  it("more than 20 files", () =>
    expectRefused(400, "files: at most 20", [...Array.from({ length: 21 }, () => file()).flat(), END]));

  it.each([
    ["fields", field("x", "y")],
    ["inputs in which nothing was chosen", file({ filename: "", content: "" })],
  ])("a form of 121 parts, whose others are %s", (_, part) =>
    expectRefused(400, "body: has more than 120 parts", [
      ...file(),
      ...Array.from({ length: 120 }, () => part).flat(),
      END,
    ]),
  );

  it("more than 25 MB of files, in one or in several", async () => {
    const bytes = randomBytes(25 * MB + 1);
    const detail = "files: are larger than 25 MB (26214400 bytes)";
    await expectRefused(413, detail, [...file({ content: bytes }), END]);
    const several = [0, 9, 18].map((from) => file({ content: bytes.subarray(from * MB, (from + 9) * MB) }));
    await expectRefused(413, detail, [...several.flat(), END]);
  });

  it("more than 26 MB of anything", () =>
    expectRefused(413, "body: is larger than 27262976 bytes", [
      ...file(),
      ...field("note", "x".repeat(26 * MB)),
      END,
    ]));

  it.each(["x", "", "1.5", "-1", "9007199254740993", " ".repeat(101)])("the company_id %j", async (id) => {
    await expectRefused(400, "company_id: ", [...field("company_id", id), ...file(), END]);
    await expectRefused(400, "company_id: ", [...file(), ...field("company_id", id), END]);
  });

  it.each(["x", "", "1.5", "1&company_id=2"])("the company_id %j in the query", async (id) => {
    const { status, body } = await post([...file(), END], { query: `?company_id=${id}` });
    expect([status, body.detail]).toEqual([400, expect.stringMatching(/^company_id: /)]);
  });

  it("a company outside the token, in the query or the form", async () => {
    const other = unique();
    const detail = "No access to this company";
    await expectRefused(403, detail, [...field("company_id", other), ...file(), END]);
    await expectRefused(403, detail, [...file(), ...field("company_id", other), END]);
    await expectRefused(403, detail, [...file(), END], { query: `?company_id=${other}` });
  });

  it("two companies at once", async () => {
    client = await createClient({ companies: [company, unique()] });
    const [one, two] = client.claims.companies.map((id) => field("company_id", id));
    const detail = "company_id: two different values";
    await expectRefused(400, detail, [...one!, ...two!, ...file(), END]);
    await expectRefused(400, detail, [...one!, ...file(), ...two!, END]);
    await expectRefused(400, detail, [...two!, ...file(), END], { query: `?company_id=${company}` });
  });

  it("a form without a company before its files, for a user of several", async () => {
    client = await createClient({ companies: [company, unique()] });
    await expectRefused(400, "company_id: must be in the query", [...file(), END]);
    await expectRefused(400, "company_id: must be", [...file(), ...field("company_id", company), END]);
  });

  it("a form of a user without companies", async () => {
    client = await createClient({ companies: [] });
    await expectRefused(403, "No access to this company", [...file(), END]);
  });

  it("a form whose client disconnects in the middle", async () => {
    const body = streamOf([...file(), ...file({ content: randomBytes(6 * MB) })], new Error("lost")).stream;
    const input = { contentType: CONTENT_TYPE["content-type"], body };
    await expect(uploadFiles(contextOf(client), input)).rejects.toThrow("body: broke off");
  });

  it("a form whose rows cannot be written", async () => {
    const { DB, COMPANY_HUB } = faultyEnv((call) => (call === "D1.batch" ? "before" : null), []);
    const body = streamOf([...file(), ...file({ content: randomBytes(6 * MB) }), END]).stream;
    const input = { contentType: CONTENT_TYPE["content-type"], body };
    await expect(uploadFiles(contextOf(client, { DB, COMPANY_HUB }), input)).rejects.toThrow("D1.batch");
  });
});

describe("files", () => {
  it("of a browser's own form are stored and returned in its order", async () => {
    const form = new FormData();
    form.append("company_id", String(company));
    form.append("files", new File(["one"], "hisob «№1».txt", { type: "text/plain;charset=utf-8" }));
    form.append("files", new File(["<b>"], "page.html", { type: "text/html" }));
    form.append("other", new Blob([]), "empty");
    const request = new Request("https://xabar.test/attachments", {
      method: "POST",
      headers: { authorization: `Bearer ${client.token}` },
      body: form,
    });
    const response = await exports.default.fetch(request);
    expect(response.status).toBe(201);
    const body = await response.json<Record<string, unknown>[]>();
    const one = {
      company_id: company,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    };
    expect(body).toEqual(
      [
        { ...one, filename: "hisob «№1».txt", content_type: "text/plain;charset=utf-8", size_bytes: 3 },
        { ...one, filename: "page.html", content_type: "text/html", size_bytes: 3 },
        { ...one, filename: "empty", content_type: "application/octet-stream", size_bytes: 0 },
      ].map((each, n) => ({ ...each, id: body[n]?.id, content_id: body[n]?.id })),
    );
    expect(new Set(body.map(({ id }) => id)).size).toBe(3);

    const { keys, rows } = await kept();
    expect(keys).toEqual(body.map(({ id }) => `uploads/${company}/${id}`).toSorted());
    expect(rows.map(({ user_id }) => user_id)).toEqual(Array(3).fill(client.claims.user_id));
    const texts = rows.map(async (row) => (await env.ATTACHMENTS.get(uploadKeyOf(row)))!.text());
    expect(await Promise.all(texts)).toEqual(["one", "<b>", ""]);
  });

  it.each([0, 1, 5 * MB - 1, 5 * MB, 5 * MB + 1, 10 * MB, 24 * MB, 25 * MB])(
    "of %i bytes are in R2 byte for byte",
    async (length) => {
      const content = randomBytes(length);
      const { status, body } = await post([...file({ content }), END]);
      expect([status, body[0].size_bytes]).toEqual([201, length]);
      const object = await env.ATTACHMENTS.get(uploadKeyOf(body[0]));
      expect(await sha256(await object!.arrayBuffer())).toBe(await sha256(content));
    },
    30_000,
  );

  it("are buffered 5 MB at a time", async () => {
    const { stream, state } = streamOf([...file({ content: randomBytes(24 * MB) }), END]);
    let taken = 0;
    let ahead = 0;
    const take = (value: Uint8Array) => {
      ahead = Math.max(ahead, state.given - taken);
      taken += value.length;
    };
    const ATTACHMENTS = Object.create(env.ATTACHMENTS, {
      createMultipartUpload: {
        value: async (key: string) => {
          const upload = await env.ATTACHMENTS.createMultipartUpload(key);
          return {
            uploadPart: (part: number, value: Uint8Array) => {
              take(value);
              return upload.uploadPart(part, value);
            },
            complete: (parts: R2UploadedPart[]) => upload.complete(parts),
          };
        },
      },
    });
    const ctx = contextOf(client, { ATTACHMENTS });
    await uploadFiles(ctx, { contentType: CONTENT_TYPE["content-type"], body: stream });
    expect(taken).toBe(24 * MB);
    expect(ahead).toBeLessThan(5 * MB + 2 * 65_536);
  });

  it("leave nothing behind when R2 fails on a part", async () => {
    const aborted: string[] = [];
    const ATTACHMENTS = Object.create(env.ATTACHMENTS, {
      put: { value: env.ATTACHMENTS.put.bind(env.ATTACHMENTS) },
      delete: { value: env.ATTACHMENTS.delete.bind(env.ATTACHMENTS) },
      createMultipartUpload: {
        value: async (key: string) => {
          const upload = await env.ATTACHMENTS.createMultipartUpload(key);
          return {
            uploadPart: (part: number, value: Uint8Array) =>
              part === 2 ? Promise.reject(new Error("R2_ERROR")) : upload.uploadPart(part, value),
            abort: () => {
              aborted.push(key);
              return upload.abort();
            },
          };
        },
      },
    });
    const body = streamOf([...file(), ...file({ content: randomBytes(11 * MB) }), END]).stream;
    const input = { contentType: CONTENT_TYPE["content-type"], body };
    await expect(uploadFiles(contextOf(client, { ATTACHMENTS }), input)).rejects.toThrow("R2_ERROR");
    expect(aborted).toEqual([expect.stringContaining(`uploads/${company}/`)]);
    expect(await kept()).toEqual({ keys: [], rows: [] });
  });

  it("may be 20, next to 100 fields", async () => {
    const files = Array.from({ length: 20 }, (_, n) => file({ filename: `${n}.txt` })).flat();
    const fields = Array.from({ length: 100 }, () => field("note", "x")).flat();
    const { status, body } = await post([...fields, ...files, END]);
    expect([status, body.map(({ filename }: Upload) => filename)]).toEqual([
      201,
      Array.from({ length: 20 }, (_, n) => `${n}.txt`),
    ]);
  });

  it.each([
    ["C:\\docs\\a.txt", "a.txt"],
    ["../../etc/passwd", "passwd"],
    ["a%0D%0AX: y%22.txt", 'aX: y".txt'],
    ["a\u0000\u001f\u0085b.txt", "ab.txt"],
    ["dir/", "attachment"],
    ["", "attachment"],
    [" ", "attachment"],
  ])("named %j are called %j", async (filename, name) => {
    expect((await post([...file({ filename }), END])).body[0].filename).toBe(name);
  });

  it.each([
    ["image/png", "image/png"],
    ["application/vnd.ms-excel; name=a.xls", "application/vnd.ms-excel; name=a.xls"],
    ["", "application/octet-stream"],
    ["png", "application/octet-stream"],
    ["image/", "application/octet-stream"],
    ["image/png\n; x", "application/octet-stream"],
  ])("of the type %j are stored as %j", async (type, kept) => {
    const { body } = await post([...file({ headers: `Content-Type: ${type}\r\n` }), END]);
    expect(body[0].content_type).toBe(kept);
  });

  it.each([
    ["<logo@x>", "logo@x"],
    ["logo", "logo"],
    ["<a b>", null],
    ["<<a>>", null],
    ['a"b', null],
    ["é", null],
    ["<>", null],
  ])("with the Content-ID %s get %s", async (header, id) => {
    const { body } = await post([...file({ headers: `Content-ID: ${header}\r\n` }), END]);
    expect(body[0].content_id).toBe(id ?? body[0].id);
  });

  it("have names of 255 characters, types of 255 and Content-IDs of 200 at most", async () => {
    const sent = async (filename: string, type: string, id: string) =>
      (await post([...file({ filename, headers: `Content-Type: ${type}\r\nContent-ID: ${id}\r\n` }), END]))
        .body[0];
    const most = {
      filename: "a".repeat(255),
      content_type: `x/${"y".repeat(253)}`,
      content_id: "z".repeat(200),
    };
    expect(await sent(most.filename, most.content_type, most.content_id)).toMatchObject(most);
    const more = await sent(`${"a".repeat(254)}📎`, `${most.content_type}y`, `${most.content_id}z`);
    expect(more).toMatchObject({ filename: "a".repeat(254), content_type: "application/octet-stream" });
    expect(more.content_id).toBe(more.id);
  });

  it("belong to the company of the query, of a field, or to the token's only one", async () => {
    const mine = field("company_id", company);
    for (const [pieces, query] of [
      [[...file()], ""],
      [[...mine, ...file()], ""],
      [[...file(), ...mine], ""],
      [[...file(), ...mine], `?company_id=${company}`],
    ] as const) {
      expect((await post([...pieces, END], { query })).body).toMatchObject([{ company_id: company }]);
    }
    client = await createClient({ companies: [unique(), company] });
    for (const [pieces, query] of [
      [[...mine, ...file()], ""],
      [[...file()], `?company_id=${company}`],
      [[...file(), ...mine], `?company_id=${company}`],
    ] as const) {
      expect((await post([...pieces, END], { query })).body).toMatchObject([{ company_id: company }]);
    }
  });
});

it("no other path accepts more than 5 MB", async () => {
  for (const [method, path] of [
    ["POST", "/attachments//"],
    ["POST", "/attachments/x"],
    ["POST", "/accounts"],
    ["PUT", "/attachments"],
  ] as const) {
    const { status, body } = await client.call(method, path, "x".repeat(5 * MB + 1));
    expect([status, body.detail], path).toEqual([
      400,
      expect.stringContaining("body: is larger than 5242880"),
    ]);
  }
});

describe("uploads", () => {
  const idsOf = (body: Upload[]) => body.map(({ id }) => id);
  const named = (who: Client, where: number, ids: string[]) => filesNamed(contextOf(who), where, ids, "");
  const refusal = (detail: string) =>
    expect.objectContaining({ code: "invalid", message: expect.stringMatching(detail) });

  it("are found in the requested order", async () => {
    const { body } = await post([...file(), ...file({ filename: "b" }), ...file({ filename: "c" }), END]);
    const ids = [idsOf(body)[2]!, idsOf(body)[0]!];
    const found = await named(client, company, ids);
    expect(found.map(({ key }) => key)).toEqual(ids.map((id) => uploadKeyOf({ company_id: company, id })));
    expect(found[0]).toMatchObject({
      filename: "c",
      content_type: "application/octet-stream",
      size_bytes: 5,
    });
    expect(await named(client, company, [])).toEqual([]);
  });

  it("that are unknown or another company's are refused in the same words; a repeated id is refused too", async () => {
    const ids = idsOf((await post([...file(), END])).body);
    const both = await createClient({ companies: [company, unique()] });
    const stranger = await createClient();
    const none = refusal(
      "^attachment_ids: no such upload in this company in the last 30 days, and no such attachment$",
    );
    const tried: [Client, number, string[]][] = [
      [client, company, [...ids, crypto.randomUUID()]],
      [client, company, ["x"]],
      [both, both.claims.companies[1]!, ids],
      [stranger, stranger.claims.companies[0]!, ids],
      [stranger, company, ids],
    ];
    for (const [who, where, which] of tried) {
      await expect(named(who, where, which)).rejects.toEqual(none);
    }
    const twice = named(client, company, [...ids, ...ids]);
    await expect(twice).rejects.toEqual(refusal("^attachment_ids: "));
    expect(await named(both, company, ids)).toHaveLength(1);
  });

  it("can be sent for 30 days, and are kept for 30 more for scheduled mail", async () => {
    const { body } = await post([...file(), ...file(), ...file(), END]);
    const [young, old, ancient] = body;
    const age = (id: string, days: number) =>
      db
        .prepare("UPDATE ems_uploads SET created_at = unixepoch() - ? WHERE id = ?")
        .bind(days * 86_400, id)
        .run();
    await age(young.id, 29);
    await age(old.id, 31);
    await age(ancient.id, 62);
    expect(await named(client, company, [young.id])).toHaveLength(1);
    await expect(named(client, company, [old.id])).rejects.toEqual(refusal("^attachment_ids: "));
    await cron();
    const { keys, rows } = await kept();
    expect([keys.toSorted(), idsOf(rows).toSorted()]).toEqual([
      [uploadKeyOf(young), uploadKeyOf(old)].toSorted(),
      [young.id, old.id].toSorted(),
    ]);
  });
});
