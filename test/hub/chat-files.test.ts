import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deleteAccount } from "../../src/hub/accounts/erase.ts";
import { findAttachments, takeFiles } from "../../src/hub/chat/files/attachments.ts";
import { removeTemporaryFiles } from "../../src/hub/chat/files/clean.ts";
import { listFiles } from "../../src/hub/chat/files/own.ts";
import { uploadFile } from "../../src/hub/chat/files/upload.ts";
import { runCron } from "../../src/hub/cron.ts";
import { deleteFiles } from "../../src/hub/media/clean.ts";
import { type Answered, call } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person, sendForm } from "../support/hub-client.ts";
import { storedBytes } from "../support/hub-files.ts";
import { markDeleted, meteredHub } from "../support/hub-people.ts";
import { gif, join, jpeg, png, SECRET, taggedJpeg, video, webm } from "../support/pictures.ts";
import { aac, mp3, mp4Of, opus, wav, webmOf } from "../support/sounds.ts";

const PATH = "/api/chat/files/";
const MB = 1024 * 1024;
const DAY = 24 * 3600_000;

interface ChatFile {
  id: number;
  unique_id: string;
  file: string;
  file_type: string;
  file_size: number;
  is_temporary: boolean;
  details?: Record<string, string[]>;
}

type Bytes = Uint8Array<ArrayBuffer>;

const fileOf = (bytes: Bytes, name = "f.pdf", type = "application/pdf") => new File([bytes], name, { type });

const send = (person: Person, bytes: Bytes, file_type?: string): Promise<Answered<ChatFile>> =>
  person.form("POST", PATH, { file: fileOf(bytes), ...(file_type === undefined ? {} : { file_type }) });

/** Uploads a file. */
async function sent(person: Person, bytes: Bytes, file_type?: string): Promise<ChatFile> {
  const { status, body } = await send(person, bytes, file_type);
  expect([status, JSON.stringify(body)]).toEqual([201, expect.anything()]);
  return body;
}

const list = async (person: Person): Promise<ChatFile[]> => (await person.call("GET", PATH)).body;

const rowsOf = async ({ id }: Person) =>
  (
    await hubDb
      .prepare("SELECT key, kind, content_type, size, is_used, deleted_at FROM hub_files WHERE owner_id = ?")
      .bind(id)
      .all<{ key: string; kind: string; content_type: string; is_used: number; deleted_at: number | null }>()
  ).results;

/** The files of somebody that are kept. */
const kept = async (person: Person) => (await rowsOf(person)).filter(({ deleted_at }) => deleted_at === null);

const keyIn = (url: string): string => /\/media\/([0-9a-f]{32})\?/.exec(url)?.[1] ?? "";

/** What the URL of a file answers. */
const open = (url: string, token: string | null = null) =>
  call<string>(token, "GET", url.replace("https://xabar.test", ""));

const text = (value: string): Bytes => Uint8Array.from(new TextEncoder().encode(value));

const has = (bytes: Bytes, what: string): boolean => String.fromCharCode(...bytes).includes(what);

const contextOf = ({ id }: Person) => meteredHub(id).ctx;

describe("what is refused", () => {
  it("without a token all is 401", async () => {
    expect((await call(null, "GET", PATH)).status).toBe(401);
    expect((await sendForm(null, "POST", PATH, { file: fileOf(png()) })).status).toBe(401);
    expect((await call(null, "DELETE", `${PATH}1/`)).status).toBe(401);
  });

  it.each<[string, unknown]>([
    ["no body", {}],
    ["a text in place of a file", { file: "<file>" }],
    ["a file made up in JSON", { file: { key: "0".repeat(32), family: "image", size: 1, digest: "" } }],
  ])("%s is 400 on file", async (_what, body) => {
    const person = await createPerson();
    expect(await person.call("POST", PATH, body)).toMatchObject({
      status: 400,
      body: { details: { file: [expect.any(String)] } },
    });
    expect(await list(person)).toEqual([]);
  });

  it.each<[string, Bytes, RegExp]>([
    ["an empty file", join(), /empty/],
    ["50 MB and a byte", new Uint8Array(50 * MB + 1), /at most 50 MB/],
    ["a JPEG that ends too early", jpeg().subarray(0, 40), /corrupted/],
    ["a PNG with a page in place of chunks", join("\x89PNG\r\n\x1a\n", "<html>".repeat(20)), /corrupted/],
    ["a video with a track of positions", video("isom", { sample: "gpmd" }), /positions/],
    ["HEIC", join([0, 0, 0, 24], "ftypheic", new Uint8Array(80)), /Positions cannot be removed/],
    ["TIFF", join("II*\0", new Uint8Array(80)), /Positions cannot be removed/],
  ])("%s is 400 on file, and no object is left", async (_what, bytes, sentence) => {
    const person = await createPerson();
    expect(await send(person, bytes)).toMatchObject({
      status: 400,
      body: { details: { file: [expect.stringMatching(sentence)] } },
    });
    for (const { key } of await rowsOf(person)) expect(await storedBytes(key)).toBeNull();
    expect(await list(person)).toEqual([]);
  });

  it.each<[string, Bytes, string]>([
    ["HTML as a picture", text("<!doctype html><script>alert(1)</script>"), "image"],
    ["SVG as a picture", text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), "image"],
    ["a picture as a video", png(), "video"],
    ["a video as a voice message", mp4Of("isom", ["vide", "soun"]), "voice"],
    ["a WebM video as a voice message", webmOf([1, 2]), "voice"],
    ["a voice message as a video", webmOf([2]), "video"],
    ["a PDF as a voice message", text("%PDF-1.7"), "voice"],
  ])("%s is 400 on file_type, and the file goes", async (_what, bytes, type) => {
    const person = await createPerson();
    expect(await send(person, bytes, type)).toMatchObject({
      status: 400,
      body: { details: { file_type: [expect.stringContaining(`"${type}"`)] } },
    });
    expect(await kept(person)).toEqual([]);
    while ((await deleteFiles(hubContext())) > 0);
    for (const { key } of await rowsOf(person)) expect(await storedBytes(key)).toBeNull();
  });

  it.each(["picture", "", "IMAGE", "0"])("the file_type %j is 400", async (type) => {
    expect(await send(await createPerson(), png(), type)).toMatchObject({
      status: 400,
      body: { details: { file_type: [`"${type}" is not a valid choice.`] } },
    });
  });

  it("two files are 400", async () => {
    const person = await createPerson();
    const { status, body } = await person.form("POST", PATH, { file: [fileOf(png()), fileOf(gif())] });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { file: [expect.any(String)] } },
    });
    expect(await list(person)).toEqual([]);
  });

  it("a form that breaks off is 400", async () => {
    const person = await createPerson();
    const form = join(
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n',
      "half of a file",
    );
    const { status } = await person.call("POST", PATH, new TextDecoder().decode(form), {
      "content-type": "multipart/form-data; boundary=b",
    });
    expect(status).toBe(400);
    expect(await list(person)).toEqual([]);
  });

  it("files of others are 404, and stay", async () => {
    const [person, other] = [await createPerson(), await createPerson({ is_staff: 1 as never })];
    const { id, file } = await sent(person, png());
    expect((await other.call("DELETE", `${PATH}${id}/`)).status).toBe(404);
    expect((await other.call("DELETE", `${PATH}999999999/`)).status).toBe(404);
    expect((await other.call("DELETE", `${PATH}x/`)).status).toBe(404);
    expect(await list(other)).toEqual([]);
    expect((await open(file)).status).toBe(200);
  });

  it.each(["page=0", "page=x", "page=2"])("?%s of an empty list is 404", async (query) => {
    expect((await (await createPerson()).call("GET", `${PATH}?${query}`)).status).toBe(404);
  });
});

describe("types by content", () => {
  it.each<[string, Bytes, string, string]>([
    ["JPEG", taggedJpeg(6), "image", "image/jpeg"],
    ["GIF", gif(), "image", "image/gif"],
    ["MP4", video("isom"), "video", "video/mp4"],
    ["MP4 with sound and picture", mp4Of("mp42", ["soun", "vide"]), "video", "video/mp4"],
    ["QuickTime", video("qt"), "video", "video/quicktime"],
    ["WebM", webm(), "video", "video/webm"],
    ["WebM with sound and picture", webmOf([1, 2]), "video", "video/webm"],
    ["Matroska", webmOf([1], "matroska"), "video", "video/x-matroska"],
    ["WebM with sound alone", webmOf([2]), "voice", "audio/webm"],
    ["M4A", mp4Of("M4A ", ["soun"]), "voice", "audio/mp4"],
    ["a recording of Android", mp4Of("isom", ["soun"]), "voice", "audio/mp4"],
    ["a recording in 3GP", mp4Of("3gp4", ["soun"]), "voice", "audio/3gpp"],
    ["MP3", mp3(), "voice", "audio/mpeg"],
    ["MP3 with a tag", mp3("title"), "voice", "audio/mpeg"],
    ["Opus", opus(), "voice", "audio/ogg"],
    ["AAC", aac(), "voice", "audio/aac"],
    ["WAV", wav(), "voice", "audio/wav"],
    ["PDF", text("%PDF-1.7\n1 0 obj"), "document", "application/pdf"],
    ["Office", join("PK\x03\x04", new Uint8Array(26), "[Content_Types].xml"), "document", "application/zip"],
    [
      "old Office",
      join("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", new Uint8Array(60)),
      "document",
      "application/x-ole-storage",
    ],
    ["text", text("Salom, дунё! ўғил"), "document", "text/plain"],
    ["HTML", text("<!doctype html><script>alert(1)</script>"), "document", "text/plain"],
    ["SVG", text('<?xml version="1.0"?><svg onload="alert(1)"/>'), "document", "text/plain"],
    ["a script", text("alert(document.cookie)"), "document", "text/plain"],
    ["HTML in UTF-16", join("\xff\xfe<\0h\0t\0m\0l\0>\0"), "document", "text/plain"],
    ["a program", join("MZ\x90\0\x03\0\0\0", new Uint8Array(60)), "other", "application/octet-stream"],
    ["zeros", new Uint8Array(100), "other", "application/octet-stream"],
  ])("%s", async (_what, bytes, family, type) => {
    const person = await createPerson();
    const lie = new File([bytes], "page.html", { type: "text/html" });
    const { status, body } = await person.form<ChatFile>("POST", PATH, { file: lie });
    expect({ status, body }).toMatchObject({ status: 201, body: { file_type: family, is_temporary: true } });
    expect(await rowsOf(person)).toMatchObject([{ kind: "chat", content_type: type, is_used: 1 }]);
    const { status: opened, headers } = await open(body.file);
    expect(opened).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": type,
      "content-disposition": /^(image|video|audio)\//.test(type) ? "inline" : "attachment",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("sandbox"),
    });
  });

  it.each<[string, Bytes]>([
    ["picture", taggedJpeg(6)],
    ["video", video("isom")],
    ["voice message in MP4", mp4Of("M4A ", ["soun"], { extra: SECRET })],
  ])("a %s loses its position, also when it is sent as a document", async (_what, bytes) => {
    const person = await createPerson();
    expect(has(bytes, SECRET)).toBe(true);
    const { file, file_size, file_type } = await sent(person, bytes, "document");
    const stored = (await storedBytes(keyIn(file))) as Bytes;
    expect(has(stored, SECRET)).toBe(false);
    expect({ file_size, file_type }).toEqual({ file_size: stored.length, file_type: "document" });
  });

  it("a picture with a page behind its end is stored without the page", async () => {
    const person = await createPerson();
    const { file } = await sent(person, jpeg(undefined, "<script>alert(1)</script>"));
    expect(await storedBytes(keyIn(file))).toEqual(jpeg());
  });

  it("any bytes are taken or refused, and never served as something that runs", async () => {
    const person = await createPerson();
    const starts = [
      "",
      "<html>",
      "\xff\xd8\xff",
      "RIFF\0\0\0\0",
      "GIF89a",
      "\0\0\0\x14ftyp",
      "\x1aE\xdf\xa3",
      "OggS",
      "ID3",
    ];
    const bytes = fc
      .tuple(fc.constantFrom(...starts), fc.uint8Array({ minLength: 1, maxLength: 300 }))
      .map(([start, rest]) => join(start, rest));
    await fc.assert(
      fc.asyncProperty(bytes, async (each) => {
        const { status, body } = await send(person, each);
        expect([200, 201, 400]).toContain(status);
        if (status === 400) return;
        const { headers } = await open(body.file);
        expect(headers.get("content-type")).toMatch(
          /^((image|video|audio)\/[\w-]+|text\/plain\b.*|application\/(octet-stream|pdf|zip|gzip|vnd\.rar|x-[\w-]+))$/,
        );
      }),
      { numRuns: 25 },
    );
  });

  it("50 MB are stored whole", async () => {
    const person = await createPerson();
    const bytes = mp4Of("isom", ["soun"], { bytes: 50 * MB - 1000 });
    const { file, file_size } = await sent(person, bytes);
    expect(file_size).toBe(bytes.length);
    expect((await env.ATTACHMENTS.head(`hub/${keyIn(file)}`))?.size).toBe(bytes.length);
  });
});

describe("a list", () => {
  it("has one's own files, the newest first, with URLs that work", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const files = [await sent(person, png()), await sent(person, gif()), await sent(person, text("a"))];
    await sent(other, text("b"));
    const listed = await list(person);
    expect(listed.map(({ id }) => id)).toEqual(files.map(({ id }) => id).reverse());
    for (const { file } of listed) expect((await open(file)).status).toBe(200);
  });

  it("comes in pages, and ends at 1,000 without them", async () => {
    const person = await createPerson();
    await hubDb
      .prepare(
        `INSERT INTO hub_chat_files (owner_id, unique_id, file, file_type, file_size, uploaded_at)
         SELECT ?1, value, 'list' || ?1 || value, 'other', 1, 1 FROM json_each(?2)`,
      )
      .bind(person.id, JSON.stringify(Array.from({ length: 1001 }, (_, nth) => nth)))
      .run();
    const { headers, body } = await person.call("GET", PATH);
    expect(body.length).toBe(1000);
    expect(headers.get("link")).toContain("?page=");
    const page = await person.call("GET", `${PATH}?page=2&page_size=100`);
    expect(page.body).toMatchObject({ count: 1001, next: expect.stringContaining("page=3") });
    expect(page.body.results.map(({ id }: ChatFile) => id)).toEqual(
      body.slice(100, 200).map(({ id }: ChatFile) => id),
    );
    const { ctx, meter } = meteredHub(person.id);
    await listFiles(ctx, { limit: 25, offset: 0, isPaged: false });
    expect(meter.read).toBeLessThan(60);
  });
});

describe("the same file again", () => {
  it("is the same row, and its new object goes", async () => {
    const person = await createPerson();
    const first = await sent(person, taggedJpeg(6));
    const again = await send(person, taggedJpeg(6));
    expect(again).toMatchObject({ status: 200, body: first });
    expect(first.unique_id).toMatch(/^[0-9a-f]{64}$/);
    // Another position, but the same picture once it is stripped.
    expect((await list(person)).length).toBe(1);
    expect(await kept(person)).toMatchObject([{ key: keyIn(first.file) }]);
    while ((await deleteFiles(hubContext())) > 0);
    expect((await rowsOf(person)).length).toBe(1);
    expect((await open(first.file)).status).toBe(200);
  });

  it("keeps the type that it got first", async () => {
    const person = await createPerson();
    const first = await sent(person, png(), "document");
    expect(await send(person, png(), "image")).toMatchObject({ status: 200, body: first });
  });

  it("sent ten times at once is one row and one object", async () => {
    const person = await createPerson();
    const bytes = text("at once");
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(person, bytes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const [row, ...others] = await kept(person);
    expect(others).toEqual([]);
    for (const { body } of answers) expect(keyIn(body.file)).toBe(row!.key);
  });

  it("of another person has another unique_id, and each deletes only their own", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const bytes = text("the same of both");
    const [mine, theirs] = [await sent(person, bytes), await sent(other, bytes)];
    expect(mine.unique_id).not.toBe(theirs.unique_id);
    expect(keyIn(mine.file)).not.toBe(keyIn(theirs.file));
    expect((await person.call("DELETE", `${PATH}${mine.id}/`)).status).toBe(204);
    while ((await deleteFiles(hubContext())) > 0);
    expect((await open(mine.file)).status).toBe(404);
    expect((await open(theirs.file)).status).toBe(200);
  });

  it("after it was deleted is a new row", async () => {
    const person = await createPerson();
    const first = await sent(person, png());
    await person.call("DELETE", `${PATH}${first.id}/`);
    const second = await sent(person, png());
    expect(second.id).not.toBe(first.id);
    expect(second.unique_id).toBe(first.unique_id);
  });

  it("lets a temporary file stay for another day", async () => {
    const person = await createPerson();
    const { id } = await sent(person, png());
    await age(person, DAY - 60_000);
    expect(await send(person, png())).toMatchObject({ status: 200, body: { id } });
    await age(person, 120_000);
    await runCron(hubContext());
    expect(await list(person)).toMatchObject([{ id }]);
  });

  it("uploaded while the account is deleted is 404, and leaves nothing", async () => {
    const person = await createPerson();
    const ctx = contextOf(person);
    const file = {
      key: "f".repeat(32),
      family: "image",
      size: 1,
      digest: "x",
      contentType: "image/png",
    } as const;
    await hubDb
      .prepare(
        "INSERT INTO hub_files (key, owner_id, kind, content_type, size, created_at) VALUES (?, ?, 'chat', 'image/png', 1, ?)",
      )
      .bind(file.key, person.id, Date.now())
      .run();
    await markDeleted(person.id);
    await expect(uploadFile(ctx, { file, file_type: undefined })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await kept(person)).toEqual([]);
  });
});

/** As if a person's files were older. */
const age = ({ id }: Person, ms: number) =>
  hubDb
    .prepare("UPDATE hub_chat_files SET uploaded_at = uploaded_at - ? WHERE owner_id = ?")
    .bind(ms, id)
    .run();

describe("a URL", () => {
  it("needs its signature, and no token", async () => {
    const person = await createPerson();
    const { file } = await sent(person, png());
    const [bare, query] = file.split("?");
    expect((await open(file)).status).toBe(200);
    for (const wrong of [
      bare!,
      `${bare}?${query!.replace(/.$/, (end) => (end === "0" ? "1" : "0"))}`,
      `${file}&viewer=1`,
    ])
      expect((await open(wrong, person.token)).status).toBe(404);
  });

  it("of a deleted file is 404 at once, and messages show the file no more", async () => {
    const person = await createPerson();
    const { id, file } = await sent(person, png());
    await takeFiles(contextOf(person), person.id, [id]);
    expect((await findAttachments(contextOf(person), [id])).size).toBe(1);
    expect(await person.call("DELETE", `${PATH}${id}/`)).toMatchObject({ status: 204, body: "" });
    expect((await open(file)).status).toBe(404);
    expect((await findAttachments(contextOf(person), [id])).size).toBe(0);
    expect((await person.call("DELETE", `${PATH}${id}/`)).status).toBe(404);
    expect(await list(person)).toEqual([]);
  });
});

describe("a temporary file", () => {
  it("goes after a day, with its object; one that a message has stays", async () => {
    const person = await createPerson();
    const [old, used] = [await sent(person, png()), await sent(person, gif())];
    await takeFiles(contextOf(person), person.id, [used.id]);
    await age(person, DAY - 60_000);
    await runCron(hubContext());
    expect((await list(person)).length).toBe(2);
    await age(person, 120_000);
    await runCron(hubContext());
    expect(await list(person)).toMatchObject([{ id: used.id, is_temporary: false }]);
    expect(await storedBytes(keyIn(old.file))).toBeNull();
    expect((await open(old.file)).status).toBe(404);
    expect((await open(used.file)).status).toBe(200);
  });

  it("that a message takes at that moment either stays whole or is refused", async () => {
    const person = await createPerson();
    for (let nth = 0; nth < 10; nth++) {
      const { id, file } = await sent(person, text(`race ${nth}`));
      await age(person, DAY + 60_000);
      const take = () =>
        takeFiles(contextOf(person), person.id, [id]).then(
          () => true,
          () => false,
        );
      const clean = () => removeTemporaryFiles(hubContext());
      const [taken] =
        nth % 2 ? await Promise.all([take(), clean()]) : (await Promise.all([clean(), take()])).reverse();
      expect((await findAttachments(contextOf(person), [id])).has(id)).toBe(taken);
      expect((await open(file)).status).toBe(taken ? 200 : 404);
    }
  });
});

it("a deleted account leaves no file", async () => {
  const person = await createPerson();
  const { file } = await sent(person, png());
  await markDeleted(person.id);
  expect((await open(file)).status).toBe(404);
  await deleteAccount(hubContext(), { userId: person.id });
  while ((await deleteFiles(hubContext())) > 0);
  expect(await storedBytes(keyIn(file))).toBeNull();
  const left = await hubDb
    .prepare("SELECT count(*) AS n FROM hub_chat_files WHERE owner_id = ?")
    .bind(person.id)
    .first<number>("n");
  expect(left).toBe(0);
});
