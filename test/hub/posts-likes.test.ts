import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { clearPost } from "../../src/hub/posts/remove.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { block, createPost, NO_ID, rowsOf } from "../support/hub-posts.ts";

let owner: Person;
let reader: Person;
beforeAll(async () => {
  owner = await createPerson();
  reader = await createPerson({ first_name: "Jane", last_name: "Roe" });
});

const ABSENT = { status: 404, body: { error: "Resource not found" } };
const like = (person: Person, post: string) => person.call("POST", "/api/posts/like/", { post });
const view = (person: Person, post: string) => person.call("POST", "/api/posts/views/", { post });
const listOf = async (person: Person, post: string, what: "likes" | "views") =>
  (await person.call("GET", `/api/posts/${post}/${what}/`)).body;
const postOf = async (person: Person, post: string) =>
  (await person.call("GET", `/api/posts/post/${post}/`)).body;

describe.each(["like", "views"])("POST %s refuses", (door) => {
  it.each([
    [{}, "This field is required."],
    [{ post: "1" }, "Must be a valid UUID."],
    [{ post: 5 }, "Must be a valid UUID."],
    [{ post: null }, "Must be a valid UUID."],
    [{ post: [NO_ID] }, "Must be a valid UUID."],
  ])("%j", async (body, sentence) => {
    expect(await reader.call("POST", `/api/posts/${door}/`, body)).toMatchObject({
      status: 400,
      body: { error: "Invalid request data", details: { post: [sentence] } },
    });
  });

  it("a body that is no object", async () => {
    expect((await reader.call("POST", `/api/posts/${door}/`, "[]")).status).toBe(400);
    expect((await reader.call("POST", `/api/posts/${door}/`, "{")).status).toBe(400);
  });
});

describe("a like", () => {
  it("has the contract's shape, whatever the kind of body", async () => {
    const bodies = [
      (post: string) => like(reader, post),
      (post: string) => reader.form("POST", "/api/posts/like", { post }),
      (post: string) =>
        reader.call("POST", "/api/posts/like", `post=${post.toUpperCase()}`, {
          "content-type": "application/x-www-form-urlencoded",
        }),
    ];
    for (const send of bodies) {
      const { id: post } = await createPost(owner);
      const { status, body } = await send(post);
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
        owner: { id: reader.id, username: reader.username, full_name: "Jane Roe", profile_picture: null },
        post,
        created_at: expect.stringMatching(/Z$/),
      });
      expect(await postOf(reader, post)).toMatchObject({ like_count: 1, my_like: body.id });
      expect(await postOf(owner, post)).toMatchObject({ like_count: 1, my_like: null });
    }
  });

  it("a second time is 400, and does not count", async () => {
    const { id } = await createPost(owner);
    await like(reader, id);
    expect(await like(reader, id)).toMatchObject({
      status: 400,
      body: {
        error: "Invalid request data",
        details: { non_field_errors: ["You have already liked this post."] },
      },
    });
    expect((await postOf(reader, id)).like_count).toBe(1);
  });

  it("of others cannot be taken back", async () => {
    const { id } = await createPost(owner);
    const { body } = await like(reader, id);
    expect(await owner.call("DELETE", `/api/posts/like/${body.id}/`)).toMatchObject(ABSENT);
    expect((await postOf(reader, id)).like_count).toBe(1);
  });

  it("is taken back once, and may be given again", async () => {
    const { id } = await createPost(owner);
    const { body } = await like(reader, id);
    const path = `/api/posts/like/${body.id}`;
    expect(await reader.call("DELETE", path)).toMatchObject({ status: 204, body: "" });
    expect(await reader.call("DELETE", `${path}/`)).toMatchObject(ABSENT);
    expect(await postOf(reader, id)).toMatchObject({ like_count: 0, my_like: null });
    expect(await like(reader, id)).toMatchObject({ status: 201 });
  });
});

describe("at the same moment", () => {
  it("a hundred people like and view: it counts a hundred each", async () => {
    const { id } = await createPost(owner);
    const people = await Promise.all(Array.from({ length: 100 }, () => createPerson()));
    const done = await Promise.all(people.flatMap((each) => [like(each, id), view(each, id)]));
    expect(new Set(done.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await postOf(owner, id)).toMatchObject({ like_count: 100, view_count: 100 });
    const { body, headers } = await owner.call("GET", `/api/posts/${id}/likes`);
    expect(body.map((each: { owner: { id: number } }) => each.owner.id).sort()).toEqual(
      people.map((each) => each.id).sort(),
    );
    expect(headers.get("link")).toBeNull();
  });

  it("one person likes, views and takes back many times: each counts once", async () => {
    const { id } = await createPost(owner);
    const likes = await Promise.all(Array.from({ length: 20 }, () => like(reader, id)));
    const views = await Promise.all(Array.from({ length: 20 }, () => view(reader, id)));
    expect(likes.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(likes.filter(({ status }) => status === 400)).toHaveLength(19);
    expect(views.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(views.map(({ body }) => body.id)).size).toBe(1);
    expect(await postOf(owner, id)).toMatchObject({ like_count: 1, view_count: 1 });
    const path = `/api/posts/like/${likes.find(({ status }) => status === 201)?.body.id}`;
    const undone = await Promise.all(Array.from({ length: 20 }, () => reader.call("DELETE", path)));
    expect(undone.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(await postOf(owner, id)).toMatchObject({ like_count: 0, view_count: 1 });
  });

  it("a post is deleted while people like, view and comment: nothing of it is left in the end", async () => {
    const { id: post } = await createPost(owner);
    const people = await Promise.all(Array.from({ length: 10 }, () => createPerson()));
    const work = people.flatMap((each) => [
      like(each, post),
      view(each, post),
      each.call("POST", "/api/posts/comment", { post, comment: "x" }),
    ]);
    work.splice(12, 0, owner.call("DELETE", `/api/posts/post/${post}`));
    const statuses = (await Promise.all(work)).map(({ status }) => status);
    expect(statuses.filter((status) => ![201, 204, 404].includes(status))).toEqual([]);
    await clearPost(hubContext(), post);
    for (const table of ["hub_likes", "hub_post_comments", "hub_post_views", "hub_deleted_posts"])
      expect(await rowsOf(table, post), table).toBe(0);
  });

  it("whatever people do in whatever order, counters are the numbers of rows", async () => {
    const people = await Promise.all([0, 1, 2].map(() => createPerson()));
    const act = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom("like", "unlike", "view", "comment", "erase"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { maxLength: 5 }),
        async (rounds) => {
          const { id: post } = await createPost(owner);
          const comments: { who: number; id: string }[] = [];
          const run = async ({ who, what }: { who: number; what: string }) => {
            const person = people[who]!;
            if (what === "like") return like(person, post);
            if (what === "view") return view(person, post);
            if (what === "unlike") {
              const { my_like } = await postOf(person, post);
              return person.call("DELETE", `/api/posts/like/${my_like ?? NO_ID}`);
            }
            if (what === "comment") {
              const reply_to = comments.at(-1)?.id ?? null;
              const made = await person.call("POST", "/api/posts/comment", { post, comment: "x", reply_to });
              if (made.status === 201) comments.push({ who, id: made.body.id });
              return made;
            }
            const last = comments.find((each) => each.who === who);
            return person.call("DELETE", `/api/posts/comment/${last?.id ?? NO_ID}`);
          };
          for (const round of rounds) {
            const done = await Promise.all(round.map(run));
            expect(done.filter(({ status }) => ![200, 201, 204, 400, 404].includes(status))).toEqual([]);
            const counts = await hubDb
              .prepare("SELECT like_count, comment_count, view_count FROM hub_posts WHERE id = ?")
              .bind(post)
              .first();
            expect(counts).toEqual({
              like_count: await rowsOf("hub_likes", post),
              comment_count: await rowsOf("hub_post_comments", post),
              view_count: await rowsOf("hub_post_views", post),
            });
          }
          for (const person of people) {
            const own = (await listOf(owner, post, "likes")).filter(
              (each: { owner: { id: number } }) => each.owner.id === person.id,
            );
            expect((await postOf(person, post)).my_like).toBe(own[0]?.id ?? null);
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});

describe("a view", () => {
  it("is 201 the first time and 200 with the same view after that", async () => {
    const { id: post } = await createPost(owner);
    const first = await reader.form("POST", "/api/posts/views", { post });
    expect(first).toMatchObject({ status: 201, body: { post, owner: { id: reader.id } } });
    expect(await view(reader, post)).toMatchObject({ status: 200, body: first.body });
    expect((await postOf(reader, post)).view_count).toBe(1);
  });

  it("is listed to the post's owner and to who has it, but not to others", async () => {
    const { id } = await createPost(owner);
    const other = await createPerson();
    await view(reader, id);
    await view(other, id);
    const owners = async (person: Person) =>
      (await listOf(person, id, "views")).map((each: { owner: { id: number } }) => each.owner.id);
    expect(await owners(owner)).toEqual([other.id, reader.id]);
    expect(await owners(reader)).toEqual([reader.id]);
    expect(await owners(await createPerson())).toEqual([]);
    expect((await reader.call("GET", `/api/posts/${id}/views/?page=1`)).body.count).toBe(1);
  });
});

describe.each(["likes", "views"] as const)("the list of %s", (what) => {
  const act = what === "likes" ? like : view;

  it("is newest first, without people blocked either way; they still count", async () => {
    const { id } = await createPost(owner);
    const people = [];
    for (let n = 0; n < 4; n++) people.push(await createPerson());
    for (const person of people) await act(person, id);
    const ids = people.map((person) => person.id);
    const [a, b, c, d] = ids;
    const seen = async () =>
      (await listOf(owner, id, what)).map((each: { owner: { id: number } }) => each.owner.id);
    expect(await seen()).toEqual([d, c, b, a]);
    await block(owner, people[1]!);
    await block(people[3]!, owner);
    expect(await seen()).toEqual([c, a]);
    expect(await postOf(owner, id)).toMatchObject({ [what === "likes" ? "like_count" : "view_count"]: 4 });
    const { body } = await owner.call("GET", `/api/posts/${id}/${what}/?page=1`);
    expect(body).toMatchObject({ count: 2, next: null, previous: null });
  });

  it("ends at 100 and says where it goes on", async () => {
    const { id } = await createPost(owner);
    const table = what === "likes" ? "hub_likes" : "hub_post_views";
    await hubDb.batch([
      hubDb.prepare(
        `INSERT INTO hub_users (email, username, date_joined)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 105)
         SELECT '${what}' || i || '@x.example', '${what}' || i, 0 FROM n`,
      ),
      hubDb.prepare(
        `INSERT INTO ${table} (id, post_id, owner_id, created_at)
         SELECT printf('%s%012d', substr('${id}', 1, 24), id), '${id}', id, 0 FROM hub_users WHERE username LIKE '${what}%'`,
      ),
    ]);
    const { body, headers } = await owner.call("GET", `/api/posts/${id}/${what}/`);
    expect(body).toHaveLength(100);
    expect(headers.get("link")).toBe(`<https://xabar.test/api/posts/${id}/${what}/?page=5>; rel="next"`);
    const last = await owner.call("GET", `/api/posts/${id}/${what}/?page=5`);
    expect(last.body).toMatchObject({ count: 105, next: null });
    expect(last.body.results).toHaveLength(5);
    expect(await owner.call("GET", `/api/posts/${id}/${what}/?page=6`)).toMatchObject(ABSENT);
  });
});
