import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Ctx, UserCtx } from "../../src/hub/context.ts";
import { runCron } from "../../src/hub/cron.ts";
import { deleteFilesOn } from "../../src/hub/media/clean.ts";
import { storeFile } from "../../src/hub/media/store.ts";
import type { Part } from "../../src/lib/multipart.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { sendBody, storedBytes, upload } from "../support/hub-files.ts";
import { join, jpeg, png, video } from "../support/pictures.ts";

const DAY = 24 * 3600_000;

const rowsOf = async ({
  id,
}: Person): Promise<{ key: string; is_used: number; deleted_at: number | null }[]> =>
  (await hubDb.prepare("SELECT key, is_used, deleted_at FROM hub_files WHERE owner_id = ?").bind(id).all())
    .results as never;

const userContext = (person: Person, changes: Partial<Ctx> = {}): UserCtx => ({
  ...hubContext(),
  ...{ origin: "https://xabar.test", address: "local", language: "uz" as const },
  user: { id: person.id, isStaff: false, sessionId: "" },
  ...changes,
});

const partOf = (body: AsyncGenerator<Uint8Array, void>): Part => ({
  ...{ name: "picture", filename: "a.png", headers: new Map(), body },
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

/** As if a person's files were a day and a minute old. */
const age = ({ id }: Person) =>
  hubDb
    .prepare("UPDATE hub_files SET created_at = created_at - ? WHERE owner_id = ?")
    .bind(DAY + 60_000, id)
    .run();

describe("a form", () => {
  it("with a file in a field that takes none leaves it out", async () => {
    const person = await createPerson();
    const file = new File([png()], "a.png");
    const sent = await upload(person, { constructor: file, text2: file, text: "hello" });
    expect(sent).toMatchObject({ status: 201, body: { text: "hello", files: [] } });
    expect(await rowsOf(person)).toEqual([]);
  });

  it("with text in place of a file, also as JSON, is 400", async () => {
    const person = await createPerson();
    const sentence = /not a file/;
    const details = { picture: [expect.stringMatching(sentence)] };
    expect(await upload(person, { picture: "<file>" })).toMatchObject({ status: 400, body: { details } });
    const json = JSON.stringify({ picture: { key: "0".repeat(32), contentType: "image/png", size: 1 } });
    expect(await sendBody(person, "application/json", json)).toMatchObject({
      status: 400,
      body: { details },
    });
  });

  it("with a field whose file was not chosen is one without the field", async () => {
    const form =
      '--b\r\ncontent-disposition: form-data; name="picture"; filename=""\r\ncontent-type: application/octet-stream\r\n\r\n\r\n--b--';
    expect(await sendBody(await createPerson(), "multipart/form-data; boundary=b", form)).toMatchObject({
      status: 201,
      body: { files: [] },
    });
  });

  it("takes files of two fields and several of one, and no more than the field takes", async () => {
    const person = await createPerson();
    const form = new FormData();
    for (const field of ["picture", "images", "images", "images"]) form.append(field, new File([png()], "a"));
    const send = (fields: FormData) => {
      const request = new Request("https://x.test/", { method: "POST", body: fields });
      return request
        .arrayBuffer()
        .then((bytes) => sendBody(person, request.headers.get("content-type")!, bytes));
    };
    const { status, body } = await send(form);
    expect({ status, count: body.files.length }).toEqual({ status: 201, count: 4 });
    expect(new Set(body.files.map(({ key }) => key)).size).toBe(4);
    form.append("images", new File([png()], "a"));
    expect(await send(form)).toMatchObject({
      status: 400,
      body: { details: { images: [expect.any(String)] } },
    });
  });

  it("with bytes after a picture's end reads on to its next field", async () => {
    const person = await createPerson();
    const file = new File([jpeg(undefined, "x".repeat(200_000))], "a.jpg");
    const { status, body } = await upload(person, { picture: file, text: "after" });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { text: "after", files: [{ size: jpeg().length }] },
    });
  });

  it("that breaks off is 400, and nothing of it is there after a day", async () => {
    const person = await createPerson();
    const head = '--b\r\ncontent-disposition: form-data; name="picture"; filename="a"\r\n\r\n';
    const form = join(head, png(), "\r\n--b\r\n", head, png().subarray(0, 40));
    expect(await sendBody(person, "multipart/form-data; boundary=b", form)).toMatchObject({ status: 400 });
    const rows = await rowsOf(person);
    expect(rows.length).toBeGreaterThan(0);
    await runCron(hubContext());
    expect(await rowsOf(person)).toEqual(rows);
    await age(person);
    await runCron(hubContext());
    expect(await rowsOf(person)).toEqual([]);
    for (const { key } of rows) expect(await storedBytes(key)).toBeNull();
  });

  it("with 50 MB of video is stored whole", async () => {
    const person = await createPerson();
    const frames = 49 * 1024 * 1024;
    const whole = video("isom", { pictures: new Uint8Array(frames) });
    const { status, body } = await upload(person, { media: whole });
    expect({ status, size: body.files[0]?.size }).toEqual({ status: 201, size: whole.length });
    expect((await env.ATTACHMENTS.head(`hub/${body.files[0]!.key}`))?.size).toBe(whole.length);
  });
});

describe("storing a file", () => {
  it("is limited by user", async () => {
    const person = await createPerson();
    const ctx = userContext(person);
    const strict = {
      ...ctx,
      config: { ...ctx.config, HUB_LIMITS: { uploads: [1, 3600] } },
    };
    await storeFile(strict, partOf(once(png())), "profile");
    await expect(storeFile(strict, partOf(once(png())), "profile")).rejects.toMatchObject({
      code: "rate_limited",
    });
  });

  it("for an account that is deleted meanwhile leaves nothing", async () => {
    const person = await createPerson();
    async function* slow(): AsyncGenerator<Uint8Array, void> {
      // The row is written once the type is known, from the first 64 bytes.
      yield png().subarray(0, 40);
      yield png().subarray(40, 64);
      await hubDb.prepare("DELETE FROM hub_files WHERE owner_id = ?").bind(person.id).run();
      yield png().subarray(64);
    }
    const before = (await env.ATTACHMENTS.list({ prefix: "hub/" })).objects.length;
    await expect(storeFile(userContext(person), partOf(slow()), "profile")).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await env.ATTACHMENTS.list({ prefix: "hub/" })).objects.length).toBe(before);
  });

  it("into a bucket that fails throws, and the row goes after a day", async () => {
    const person = await createPerson();
    const put = () => Promise.reject(new Error("R2 is down"));
    const ctx = userContext(person, { env: { ...env, ATTACHMENTS: { put } as never } });
    await expect(storeFile(ctx, partOf(once(png())), "profile")).rejects.toThrow("R2 is down");
    expect(await rowsOf(person)).toMatchObject([{ is_used: 0 }]);
    await age(person);
    await runCron(hubContext());
    expect(await rowsOf(person)).toEqual([]);
  });

  it("whose second part fails leaves no object", async () => {
    const person = await createPerson();
    const aborted: string[] = [];
    const begin = async (key: string) => {
      const real = await env.ATTACHMENTS.createMultipartUpload(key);
      return {
        uploadPart: (nth: number, bytes: Uint8Array) =>
          nth === 1 ? real.uploadPart(nth, bytes) : Promise.reject(new Error("R2 is down")),
        abort: () => {
          aborted.push(key);
          return real.abort();
        },
      };
    };
    const ctx = userContext(person, {
      env: { ...env, ATTACHMENTS: { createMultipartUpload: begin } as never },
    });
    const bytes = video("isom", { pictures: new Uint8Array(11 * 1024 * 1024) });
    await expect(storeFile(ctx, partOf(once(bytes)), "story")).rejects.toThrow("R2 is down");
    const [row] = await rowsOf(person);
    expect(aborted).toEqual([`hub/${row!.key}`]);
    expect(await storedBytes(row!.key)).toBeNull();
  });

  it("while the database fails at any call leaves nothing after a day", async () => {
    const objects = async () => (await env.ATTACHMENTS.list({ prefix: "hub/" })).objects.length;
    const before = await objects();
    const person = await createPerson();
    for (const failing of [1, 2, 3]) {
      const { db } = hubContext();
      let calls = 0;
      const counted =
        <Args extends unknown[], Result>(run: (...args: Args) => Result) =>
        (...args: Args): Result => {
          if (++calls === failing) throw new Error("D1 is down");
          return run(...args);
        };
      const broken = { ...db, all: counted(db.all), run: counted(db.run) };
      const ctx = userContext(person, { db: broken as typeof db });
      await expect(storeFile(ctx, partOf(once(png())), "profile")).rejects.toThrow("D1 is down");
    }
    await age(person);
    await runCron(hubContext());
    expect(await rowsOf(person)).toEqual([]);
    expect(await objects()).toBe(before);
  });
});

describe("the job that deletes files", () => {
  const drop = async (person: Person, count: number) => {
    await hubDb
      .prepare(
        "INSERT INTO hub_files (key, owner_id, kind, content_type, size, is_used, created_at, deleted_at) SELECT printf('%032x', value + 65536 * ?1), ?1, 'post', 'image/png', 1, 1, 0, 1 FROM json_each(?2)",
      )
      .bind(person.id, JSON.stringify(Array.from({ length: count }, (_, nth) => nth)))
      .run();
    const [first] = await rowsOf(person);
    await env.ATTACHMENTS.put(`hub/${first!.key}`, "x");
    return first!.key;
  };

  it("deletes objects, then rows, and goes on while there are more", async () => {
    const person = await createPerson();
    const key = await drop(person, 250);
    const sent: unknown[] = [];
    const jobs = { send: async (job: unknown) => void sent.push(job) };
    const ctx = { ...hubContext(), env: { ...env, HUB_JOBS: jobs as never } };
    await deleteFilesOn(ctx);
    expect(sent).toEqual([{ type: "delete-files" }]);
    await deleteFilesOn(ctx);
    expect(sent.length).toBe(1);
    expect(await rowsOf(person)).toEqual([]);
    expect(await storedBytes(key)).toBeNull();
    await deleteFilesOn(ctx);
  });

  it("keeps the rows while the bucket fails, and leaves files alone that are used", async () => {
    const person = await createPerson();
    await drop(person, 2);
    const { body } = await upload(person, { picture: png() });
    await hubDb.prepare("UPDATE hub_files SET is_used = 1 WHERE key = ?").bind(body.files[0]!.key).run();
    const failing = { delete: () => Promise.reject(new Error("R2 is down")) };
    await expect(
      deleteFilesOn({ ...hubContext(), env: { ...env, ATTACHMENTS: failing as never } }),
    ).rejects.toThrow("R2 is down");
    expect((await rowsOf(person)).length).toBe(3);
    await age(person);
    await runCron(hubContext());
    expect(await rowsOf(person)).toMatchObject([{ key: body.files[0]!.key, is_used: 1 }]);
    expect(await storedBytes(body.files[0]!.key)).not.toBeNull();
  });
});
