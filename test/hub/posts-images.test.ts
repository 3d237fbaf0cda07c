import { beforeAll, describe, expect, it } from "vitest";
import { deleteFiles } from "../../src/hub/media/clean.ts";
import { createPost } from "../../src/hub/posts/create.ts";
import type { PostResponse } from "../../src/hub/posts/responses.ts";
import { unique } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { storedBytes } from "../support/hub-files.ts";
import { keptFiles } from "../support/hub-posts.ts";
import { jpeg, png } from "../support/pictures.ts";

let owner: Person;
let reader: Person;
beforeAll(async () => {
  reader = await createPerson();
});

const picture = () => new File([png()], `${unique()}.png`, { type: "image/png" });
const keysOf = ({ images }: PostResponse) => images.map(({ image }) => image.split("/").at(-1) ?? "");
const filesOf = async (person: Person) =>
  (
    await hubDb
      .prepare("SELECT is_used, deleted_at FROM hub_files WHERE owner_id = ? ORDER BY created_at, key")
      .bind(person.id)
      .all<{ is_used: number; deleted_at: number | null }>()
  ).results;
const isServed = async (key: string) => (await reader.call("GET", `/media/${key}`)).status === 200;

/** A new person each time: uploads are limited. */
async function post(fields: Record<string, string | File | File[]>) {
  owner = await createPerson();
  return owner.form<PostResponse & { details: Record<string, string[]> }>("POST", "/api/posts/post/", fields);
}

describe("what is refused", () => {
  it("eleven images, on the field", async () => {
    const { status, body } = await post({ content: "x", images: Array.from({ length: 11 }, picture) });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { images: ["At most 10 files."] } },
    });
    expect((await filesOf(owner)).map(({ is_used }) => is_used)).toEqual(Array(10).fill(0));
  });

  it("a file that is no image, and one of more than 10 MB", async () => {
    const tooBig = new File([jpeg(), new Uint8Array(10 * 1024 * 1024)], "big.jpg");
    for (const file of [new File(["<svg/>"], "a.png", { type: "image/png" }), tooBig]) {
      const { status, body } = await post({ content: "x", images: file });
      expect(status).toBe(400);
      expect(Object.keys(body.details)).toEqual(["images"]);
    }
  });

  it("a text in the place of a file", async () => {
    const { status, body } = await post({ content: "x", images: "photo.png" });
    expect(status).toBe(400);
    expect(body.details.images).toEqual([expect.stringContaining("not a file")]);
  });
});

describe("images of a post", () => {
  it("make a post without content, are in order, served, and used", async () => {
    const { status, body } = await post({ images: [picture(), picture(), picture()] });
    expect(status).toBe(201);
    expect(body.content).toBe("");
    expect(body.images).toHaveLength(3);
    expect(body.images[0]).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
      image: expect.stringMatching(/^https:\/\/xabar\.test\/media\/[\da-f]{32}$/),
      created_at: expect.stringMatching(/Z$/),
    });
    for (const key of keysOf(body)) expect(await isServed(key)).toBe(true);
    expect((await filesOf(owner)).map(({ is_used }) => is_used)).toEqual([1, 1, 1]);
    expect((await reader.call("GET", `/api/posts/post/${body.id}`)).body).toEqual(body);
  });

  it("are replaced as a whole; the former are not served any more, and their objects go", async () => {
    const made = (await post({ content: "x", images: [picture(), picture()] })).body;
    const { status, body } = await owner.form("PATCH", `/api/posts/post/${made.id}/`, { images: picture() });
    expect(status).toBe(200);
    expect(body).toMatchObject({ content: "x", is_edited: true });
    expect(body.images).toHaveLength(1);
    expect(await keptFiles([...keysOf(made), ...keysOf(body)])).toEqual(keysOf(body));
    for (const key of keysOf(made)) expect(await isServed(key)).toBe(false);
    await deleteFiles(hubContext());
    for (const key of keysOf(made)) expect(await storedBytes(key)).toBeNull();
    expect(await storedBytes(keysOf(body)[0] ?? "")).not.toBeNull();
  });

  it("stay when only the content changes", async () => {
    const made = (await post({ content: "x", images: picture() })).body;
    const { body } = await owner.form("PATCH", `/api/posts/post/${made.id}/`, { content: "y" });
    expect(body.images).toEqual(made.images);
    expect(await isServed(keysOf(made)[0] ?? "")).toBe(true);
  });

  it("go with the post", async () => {
    const made = (await post({ images: [picture(), picture()] })).body;
    await owner.call("DELETE", `/api/posts/post/${made.id}/`);
    for (const key of keysOf(made)) expect(await isServed(key)).toBe(false);
    await deleteFiles(hubContext());
    for (const key of keysOf(made)) expect(await storedBytes(key)).toBeNull();
  });

  it("sent to a post of others are used by nothing", async () => {
    const made = (await post({ content: "x" })).body;
    const thief = await createPerson();
    const sent = await thief.form("PATCH", `/api/posts/post/${made.id}/`, { images: picture() });
    expect(sent.status).toBe(404);
    expect(await filesOf(thief)).toEqual([{ is_used: 0, deleted_at: null }]);
  });

  it("replaced at the same moment by several requests, or while the post is deleted, leave no file in use", async () => {
    const made = (await post({ content: "x", images: picture() })).body;
    const path = `/api/posts/post/${made.id}/`;
    const replaced = await Promise.all(
      [1, 2, 3].map((count) => owner.form("PATCH", path, { images: Array.from({ length: count }, picture) })),
    );
    expect(replaced.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await owner.call<PostResponse>("GET", path);
    const used = (await filesOf(owner)).filter((file) => file.is_used && file.deleted_at === null);
    expect(used).toHaveLength(body.images.length);
    expect(await keptFiles(keysOf(body))).toHaveLength(body.images.length);
    const [{ status }] = await Promise.all([
      owner.call("DELETE", path),
      owner.form("PATCH", path, { images: [picture(), picture()] }),
    ]);
    expect(status).toBe(204);
    const left = (await filesOf(owner)).filter((file) => file.is_used && file.deleted_at === null);
    expect(left).toEqual([]);
  });

  it("uploaded while the account is deleted make no post", async () => {
    owner = await createPerson();
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(owner.id).run();
    const ctx = {
      ...hubContext(),
      ...{ origin: "https://xabar.test", address: "local", language: "uz" as const },
      user: { id: owner.id, isStaff: false, sessionId: "" },
    };
    await expect(createPost(ctx, { content: "x", images: [] })).rejects.toMatchObject({ code: "not_found" });
    expect(
      await hubDb.prepare("SELECT 1 FROM hub_posts WHERE owner_id = ?").bind(owner.id).first(),
    ).toBeNull();
  });
});
