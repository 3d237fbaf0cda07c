import { beforeAll, describe, expect, it } from "vitest";
import { clearPost, clearPosts } from "../../src/hub/posts/remove.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, createPost, keptFiles, NO_ID, rowsOf, seedImages } from "../support/hub-posts.ts";

let owner: Person;
let reader: Person;
beforeAll(async () => {
  owner = await createPerson({ first_name: "John", last_name: "Doe" });
  reader = await createPerson();
});

const ABSENT = { status: 404, body: { error: "Resource not found" } };
const refusal = (field: string, sentence: string) => ({
  status: 400,
  body: { error: "Invalid request data", details: { [field]: [sentence] } },
});
const idsOf = async (person: Person) =>
  (await person.call<{ id: string }[]>("GET", "/api/posts/post/")).body.map(({ id }) => id);

describe("what is refused", () => {
  it("a post without content and images", async () => {
    expect(await owner.call("POST", "/api/posts/post/", {})).toMatchObject(
      refusal("content", "This field is required."),
    );
    expect(await owner.call("POST", "/api/posts/post/", { content: " " })).toMatchObject(
      refusal("content", "A post needs content or an image."),
    );
  });

  it("content of more than 10,000 characters, or of another type; with every bad field named", async () => {
    const long = await owner.call("POST", "/api/posts/post", { content: "x".repeat(10_001) });
    expect(long).toMatchObject(refusal("content", "Ensure this field has no more than 10000 characters."));
    const odd = await owner.call("POST", "/api/posts/post", { content: 5, images: ["<file>"] });
    expect(odd.status).toBe(400);
    expect(Object.keys(odd.body.details)).toEqual(["content", "images"]);
    expect(await owner.call("POST", "/api/posts/post", { content: null })).toMatchObject({ status: 400 });
  });

  it("JSON that pretends to be a file", async () => {
    const file = { key: "0".repeat(32), contentType: "image/png", size: 1 };
    expect(await owner.call("POST", "/api/posts/post", { content: "x", images: [file] })).toMatchObject({
      status: 400,
      body: { details: { images: [expect.stringContaining("not a file")] } },
    });
  });

  it("a post that is not there, or no UUID, is 404", async () => {
    for (const id of [NO_ID, "1", "post", NO_ID.slice(1), `${NO_ID}0`])
      for (const method of ["GET", "PATCH", "DELETE"])
        expect(await owner.call(method, `/api/posts/post/${id}/`), `${method} ${id}`).toMatchObject(ABSENT);
  });

  it("a post of others cannot be changed or deleted", async () => {
    const { id } = await createPost(owner);
    expect(await reader.call("PATCH", `/api/posts/post/${id}/`, { content: "mine" })).toMatchObject(ABSENT);
    expect(await reader.call("PATCH", `/api/posts/post/${id}/`, { is_active: false })).toMatchObject(ABSENT);
    expect(await reader.call("PATCH", `/api/posts/post/${id}/`, { images: [] })).toMatchObject(ABSENT);
    expect(await reader.call("DELETE", `/api/posts/post/${id}/`)).toMatchObject(ABSENT);
    const { body } = await reader.call("GET", `/api/posts/post/${id}/`);
    expect(body).toMatchObject({ content: "A post", is_active: true, is_edited: false });
  });

  it("a list with a bad page, or with an unknown parameter", async () => {
    for (const page of ["0", "-1", "x", "1e3", "99999999"])
      expect((await owner.call("GET", `/api/posts/post/?page=${page}`)).status).toBe(404);
    expect((await owner.call("GET", "/api/posts/post/?page_size=x")).status).toBe(400);
    expect((await owner.call("GET", "/api/posts/post/?owner=1")).status).toBe(400);
  });
});

describe("a post", () => {
  it("has the contract's shape, and my_like", async () => {
    const { status, body } = await owner.call("POST", "/api/posts/post/", { content: " Hello " });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
      content: "Hello",
      owner: { id: owner.id, username: owner.username, full_name: "John Doe", profile_picture: null },
      images: [],
      is_active: true,
      is_edited: false,
      like_count: 0,
      comment_count: 0,
      view_count: 0,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: null,
      my_like: null,
    });
    for (const path of [body.id, `${body.id}/`, body.id.toUpperCase()])
      expect(await reader.call("GET", `/api/posts/post/${path}`)).toMatchObject({ status: 200, body });
  });

  it("is made by JSON, by a form, and by multipart, with and without a slash", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const path of ["/api/posts/post", "/api/posts/post/"]) {
      const made = [
        await owner.call("POST", path, { content: "x y" }),
        await owner.form("POST", path, { content: "x y" }),
        await owner.call("POST", path, "content=x+y", form),
      ];
      for (const { status, body } of made) {
        expect(status).toBe(201);
        expect(body.content).toBe("x y");
      }
    }
  });

  it("that was edited says so; what is left out stays", async () => {
    const { id, created_at } = await createPost(owner);
    const { status, body } = await owner.form("PATCH", `/api/posts/post/${id}/`, { content: "Better" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ content: "Better", is_edited: true, is_active: true, created_at });
    expect(body.updated_at).toMatch(/Z$/);
  });

  it("cannot lose both content and images", async () => {
    const { id } = await createPost(owner);
    const path = `/api/posts/post/${id}/`;
    const empty = refusal("content", "A post needs content or an image.");
    expect(await owner.call("PATCH", path, { content: "" })).toMatchObject(empty);
    const keys = await seedImages(id, owner.id, 2);
    expect(await owner.call("PATCH", path, { content: "", images: [] })).toMatchObject(empty);
    expect(await keptFiles(keys)).toHaveLength(2);
    expect(await owner.call("PATCH", path, { content: "" })).toMatchObject({ status: 200 });
    expect(await owner.call("PATCH", path, { images: [] })).toMatchObject(empty);
    expect(await keptFiles(keys)).toHaveLength(2);
    expect((await owner.call("GET", path)).body.images).toHaveLength(2);
  });

  it("keeps something, whichever of two requests at once takes the rest", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await createPost(owner);
      const path = `/api/posts/post/${id}/`;
      const keys = await seedImages(id, owner.id, 1);
      const done = await Promise.all([
        owner.call("PATCH", path, { content: "" }),
        owner.call("PATCH", path, { images: [] }),
      ]);
      expect(done.map(({ status }) => status).sort()).toEqual([200, 400]);
      const { body } = await owner.call("GET", path);
      expect(body.content === "").toBe(body.images.length === 1);
      expect(await keptFiles(keys)).toHaveLength(body.images.length);
    }
  });

  it("has its images in order, with URLs on the caller's origin", async () => {
    const { id } = await createPost(owner);
    const keys = await seedImages(id, owner.id, 10);
    const { body } = await reader.call("GET", `/api/posts/post/${id}/`);
    expect(body.images.map(({ image }: { image: string }) => image)).toEqual(
      keys.map((key) => `https://xabar.test/media/${key}`),
    );
  });

  it("gives its images away by an empty list, and their files go", async () => {
    const { id } = await createPost(owner);
    const keys = await seedImages(id, owner.id, 2);
    const { body } = await owner.form("PATCH", `/api/posts/post/${id}/`, { images: "" });
    expect(body.images).toEqual([]);
    expect(await keptFiles(keys)).toEqual([]);
  });

  it("that is hidden is there for its owner alone, and not in lists", async () => {
    const { id } = await createPost(owner);
    const path = `/api/posts/post/${id}/`;
    const hidden = await owner.call("PATCH", path, { is_active: false });
    expect(hidden).toMatchObject({ status: 200, body: { is_active: false } });
    expect(await owner.call("GET", path)).toMatchObject({ status: 200 });
    expect(await reader.call("GET", path)).toMatchObject(ABSENT);
    expect(await idsOf(owner)).not.toContain(id);
    await owner.form("PATCH", path, { is_active: "true" });
    expect(await idsOf(reader)).toContain(id);
  });
});

describe("who sees a post", () => {
  const seen = async (person: Person, id: string) => {
    const { status } = await person.call("GET", `/api/posts/post/${id}/`);
    const listed = (await idsOf(person)).includes(id);
    expect(status).toBe(listed ? 200 : 404);
    return listed;
  };

  it("nobody who has blocked its owner, or whom its owner has blocked", async () => {
    for (const isBlocker of [true, false]) {
      const [a, b] = [await createPerson(), await createPerson()];
      const { id } = await createPost(a);
      expect(await seen(b, id)).toBe(true);
      await (isBlocker ? block(b, a) : block(a, b));
      expect(await seen(b, id)).toBe(false);
      expect(await seen(a, id)).toBe(true);
    }
  });

  it("of a private profile only people whom it has as contact", async () => {
    const [hermit, fan, friend] = [
      await createPerson({ is_private: true }),
      await createPerson(),
      await createPerson(),
    ];
    const { id } = await createPost(hermit);
    await addContact(fan, hermit);
    await addContact(hermit, friend);
    expect(await Promise.all([hermit, fan, friend].map((each) => seen(each, id)))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("nobody, once its owner's account is being deleted", async () => {
    const gone = await createPerson();
    const { id } = await createPost(gone);
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(gone.id).run();
    expect(await seen(reader, id)).toBe(false);
  });
});

describe("a deleted post", () => {
  it("is gone at once with its images, for everybody; a second time it is 404", async () => {
    const { id } = await createPost(owner);
    const keys = await seedImages(id, owner.id, 3);
    const path = `/api/posts/post/${id}`;
    expect(await owner.call("DELETE", path)).toMatchObject({ status: 204, body: "" });
    expect(await keptFiles(keys)).toEqual([]);
    expect(await rowsOf("hub_post_images", id)).toBe(0);
    expect(await owner.call("DELETE", path)).toMatchObject(ABSENT);
    for (const person of [owner, reader]) expect(await person.call("GET", path)).toMatchObject(ABSENT);
  });

  it("with 12,000 likes and 600 comments leaves nothing, in steps, also when a job comes twice", async () => {
    const { id } = await createPost(owner);
    await fill(id, 12_000, 600);
    await owner.call("DELETE", `/api/posts/post/${id}/`);
    const ctx = hubContext();
    const tables = ["hub_likes", "hub_post_comments", "hub_post_views", "hub_deleted_posts"];
    await Promise.all([clearPost(ctx, id), clearPost(ctx, id)]);
    for (let round = 0; round < 5; round++) await clearPost(ctx, id);
    expect(await Promise.all(tables.map((table) => rowsOf(table, id)))).toEqual([0, 0, 0, 0]);
  });

  it("whose job was lost is cleared by cron", async () => {
    const { id } = await createPost(owner);
    await fill(id, 600, 10);
    // Whoever deletes a post: the account's deletion does it without this module's verb.
    await hubDb.prepare("DELETE FROM hub_posts WHERE id = ?").bind(id).run();
    const ctx = hubContext();
    for (let round = 0; round < 100 && (await clearPosts(ctx)) > 0; round++);
    expect(await rowsOf("hub_likes", id)).toBe(0);
    expect(await rowsOf("hub_deleted_posts", id)).toBe(0);
  });

  it("a job for a post that is there removes nothing", async () => {
    const { id } = await createPost(owner);
    await fill(id, 5, 5);
    await clearPost(hubContext(), id);
    expect(await rowsOf("hub_likes", id)).toBe(5);
    expect(await rowsOf("hub_post_comments", id)).toBe(5);
  });

  async function fill(id: string, likes: number, comments: number): Promise<void> {
    const numbers = (count: number) =>
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
    await hubDb.batch([
      hubDb.prepare(
        `INSERT INTO hub_likes (id, post_id, owner_id, created_at) ${numbers(likes)} SELECT '${id}' || i, '${id}', 1000000 + i, 0 FROM n`,
      ),
      hubDb.prepare(
        `INSERT INTO hub_post_comments (id, post_id, owner_id, comment, reply_to, created_at)
         ${numbers(comments)} SELECT '${id}' || i, '${id}', 1000000, 'x', '${id}' || (i - 1), 0 FROM n`,
      ),
    ]);
  }
});

describe("the list", () => {
  it("is newest first, ends at 100 with a link to the page that goes on, and its pages fit together", async () => {
    const writer = await createPerson();
    const posts = [];
    for (let n = 0; n < 103; n++) posts.push((await createPost(writer, `${n}`)).id);
    const first = await reader.call("GET", "/api/posts/post");
    expect(first.body).toHaveLength(100);
    const next = /^<https:\/\/xabar\.test(\/api\/posts\/post\?page=5)>; rel="next"$/.exec(
      first.headers.get("link") ?? "",
    );
    const page5 = await reader.call("GET", next?.[1] ?? "");
    const ids = [...first.body, ...page5.body.results].map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(new Set(ids).size).toBe(ids.length);
    expect(posts.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("in pages ends where the viewer's posts end, whatever is hidden", async () => {
    const [writer, hidden, viewer] = [await createPerson(), await createPerson(), await createPerson()];
    for (const person of [writer, hidden, writer, hidden]) await createPost(person);
    await block(hidden, viewer);
    const all: string[] = [];
    let url: string | null = "https://xabar.test/api/posts/post/?page=1&page_size=7";
    let count = 0;
    while (url) {
      const { pathname, search } = new URL(url);
      const { status, body } = await viewer.call("GET", pathname + search);
      expect(status).toBe(200);
      all.push(...body.results.map(({ id }: { id: string }) => id));
      ({ next: url, count } = body);
    }
    const { results } = await hubDb
      .prepare(
        `SELECT p.id FROM hub_posts p JOIN hub_users u ON u.id = p.owner_id
         WHERE is_active = 1 AND deleted_at IS NULL AND is_private = 0 AND u.id <> ? ORDER BY p.id DESC`,
      )
      .bind(hidden.id)
      .all<{ id: string }>();
    expect(all).toEqual(results.map(({ id }) => id));
    expect(count).toBe(all.length);
    const past = Math.ceil(count / 7) + 1;
    expect(await viewer.call("GET", `/api/posts/post/?page=${past}&page_size=7`)).toMatchObject(ABSENT);
  });

  it("the counter of active posts is their number", async () => {
    const { active } = (await hubDb
      .prepare("SELECT active FROM hub_post_totals")
      .first<{ active: number }>())!;
    expect(active).toBe(
      await hubDb.prepare("SELECT count(*) AS n FROM hub_posts WHERE is_active = 1").first("n"),
    );
  });
});
