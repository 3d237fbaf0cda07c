import { describe, expect, it } from "vitest";
import { dropFiles } from "../../src/hub/media/rows.ts";
import { sql } from "../../src/platform/d1/sql.ts";
import { call } from "../support/client.ts";
import { createPerson, hubContext, hubDb } from "../support/hub-client.ts";
import { keepFile, storedBytes, upload } from "../support/hub-files.ts";
import * as pictures from "../support/pictures.ts";

const { SECRET, jpeg, png } = pictures;

const has = (bytes: Uint8Array, text: string): boolean => String.fromCharCode(...bytes).includes(text);

describe("what is not taken", () => {
  it.each<[string, string, Uint8Array<ArrayBuffer>, RegExp]>([
    ["an empty file", "picture", pictures.join(), /empty/],
    ["SVG", "picture", pictures.join('<svg xmlns="http://www.w3.org/2000/svg"/>'), /valid image.*10 MB/],
    ["HTML", "media", pictures.join("<!doctype html><script>1</script>"), /valid image.*50 MB/],
    ["a JPEG after markup", "picture", pictures.join("<html>", jpeg()), /valid image/],
    ["a video as a picture", "images", pictures.video("isom"), /valid image.*10 MB/],
    ["HEIC", "media", pictures.join(pictures.box("ftyp", "heic", [0, 0, 0, 0], "mif1heic")), /valid image/],
    [
      "a picture of 10 MB and a byte",
      "picture",
      jpeg(undefined, new Uint8Array(10 * 1024 * 1024 + 1 - jpeg().length) as never),
      /10 MB/,
    ],
  ])("%s is 400 on its field, and nothing is stored", async (_what, field, bytes, sentence) => {
    const person = await createPerson();
    const { status, body } = await upload(person, { [field]: bytes });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { [field]: [expect.stringMatching(sentence)] } },
    });
    const { results } = await hubDb
      .prepare("SELECT key FROM hub_files WHERE owner_id = ?")
      .bind(person.id)
      .all<{ key: string }>();
    for (const { key } of results) expect(await storedBytes(key)).toBeNull();
  });
});

describe("what is taken", () => {
  it.each<[string, string, string, Uint8Array<ArrayBuffer>]>([
    ["JPEG", "picture", "image/jpeg", pictures.taggedJpeg(6)],
    ["PNG", "images", "image/png", pictures.taggedPng(6)],
    ["WebP", "picture", "image/webp", pictures.taggedWebp(6)],
    ["GIF", "picture", "image/gif", pictures.taggedGif()],
    ["MP4", "media", "video/mp4", pictures.video("isom")],
    ["QuickTime", "media", "video/quicktime", pictures.video("qt")],
    ["WebM", "media", "video/webm", pictures.webm()],
  ])(
    "%s is stored by its bytes, whatever its name and type, without its position",
    async (_what, field, type, bytes) => {
      const person = await createPerson();
      expect(has(bytes, SECRET)).toBe(true);
      const lie = new File([bytes], "page.html", { type: "text/html" });
      const { status, body } = await upload(person, { [field]: lie });
      expect({ status, body }).toMatchObject({ status: 201, body: { files: [{ contentType: type }] } });
      const stored = (await storedBytes(body.files[0]!.key))!;
      expect(stored.length).toBe(body.files[0]!.size);
      expect(has(stored, SECRET)).toBe(false);
    },
  );
});

describe("GET /media/<key>", () => {
  it("serves a file that is used, to anybody, as what it is", async () => {
    const person = await createPerson();
    const key = await keepFile(person, "picture", png());
    const { status, headers } = await call(null, "GET", `/media/${key}`);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "image/png",
      "content-disposition": "inline",
      "content-length": String(png().length),
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "cache-control": "private, no-cache",
      "cross-origin-resource-policy": "cross-origin",
      etag: `"${key}"`,
    });
    expect(await call(null, "GET", `/media/${key}/`)).toMatchObject({ status: 200 });
  });

  it("unknown, malformed, unused and deleted files are one 404", async () => {
    const person = await createPerson();
    const { body } = await upload(person, { picture: png() });
    const dropped = await keepFile(person, "picture", png());
    await hubContext().db.run(dropFiles(sql`(SELECT ${dropped})`));
    for (const key of ["0".repeat(32), "x", "0".repeat(31), "A".repeat(32), body.files[0]!.key, dropped])
      expect(await call(null, "GET", `/media/${key}`), key).toMatchObject({
        status: 404,
        body: { error: "Resource not found" },
      });
  });

  it("HEAD, ranges and known versions are answered", async () => {
    const person = await createPerson();
    const key = await keepFile(person, "picture", png());
    const path = `/media/${key}`;
    expect(await call(null, "HEAD", path)).toMatchObject({ status: 200, body: "" });
    const part = await call(null, "GET", path, undefined, { range: "bytes=1-3" });
    expect(part).toMatchObject({ status: 206, body: "PNG" });
    expect(part.headers.get("content-range")).toBe(`bytes 1-3/${png().length}`);
    expect(await call(null, "GET", path, undefined, { "if-none-match": `"x", W/"${key}"` })).toMatchObject({
      status: 304,
    });
  });
});
