import { beforeAll, describe, expect, it } from "vitest";
import { createPerson, type Person } from "../support/hub-client.ts";
import { block, createComment, createPost, NO_ID } from "../support/hub-posts.ts";

let owner: Person;
let reader: Person;
let post: string;
beforeAll(async () => {
  owner = await createPerson();
  reader = await createPerson();
  post = (await createPost(owner)).id;
});

const ABSENT = { status: 404, body: { error: "Resource not found" } };
const refusal = (field: string, sentence: string) => ({
  status: 400,
  body: { error: "Invalid request data", details: { [field]: [sentence] } },
});
const noSuch = (id: string) => refusal("reply_to", `Invalid pk "${id}" - object does not exist.`);
const send = (person: Person, body: object) => person.call("POST", "/api/posts/comment/", body);
const listed = async (person: Person, of = post) =>
  (await person.call<{ id: string; reply_to: string | null }[]>("GET", `/api/posts/${of}/comments/`)).body;
const countOf = async (of: string) => (await owner.call("GET", `/api/posts/post/${of}`)).body.comment_count;

describe("what is refused", () => {
  it("a comment without post and text, with both named", async () => {
    expect(await send(reader, {})).toMatchObject({
      status: 400,
      body: { details: { post: ["This field is required."], comment: ["This field is required."] } },
    });
  });

  it.each([
    ["", "This field may not be blank."],
    ["  ", "This field may not be blank."],
    ["x".repeat(2001), "Ensure this field has no more than 2000 characters."],
    [5, "Not a valid string."],
    ["a\0", "Null characters are not allowed."],
  ])("the text %j", async (comment, sentence) => {
    expect(await send(reader, { post, comment })).toMatchObject(refusal("comment", sentence));
    const { id } = await createComment(reader, post);
    expect(await reader.call("PATCH", `/api/posts/comment/${id}/`, { comment })).toMatchObject(
      refusal("comment", sentence),
    );
  });

  it("an answer to a comment that is not there, or on another post", async () => {
    const elsewhere = (await createComment(reader, (await createPost(owner)).id)).id;
    for (const reply_to of [NO_ID, elsewhere])
      expect(await send(reader, { post, comment: "x", reply_to })).toMatchObject(noSuch(reply_to));
    for (const reply_to of ["x", 5])
      expect(await send(reader, { post, comment: "x", reply_to })).toMatchObject(
        refusal("reply_to", "Must be a valid UUID."),
      );
  });

  it("an answer to somebody blocked either way, in the same words", async () => {
    for (const isBlocker of [true, false]) {
      const [a, b] = [await createPerson(), await createPerson()];
      const { id } = await createComment(a, post);
      await (isBlocker ? block(b, a) : block(a, b));
      expect(await send(b, { post, comment: "x", reply_to: id })).toMatchObject(noSuch(id));
    }
  });

  it("to change or delete a comment of others, also for the post's owner", async () => {
    const { id } = await createComment(reader, post);
    const path = `/api/posts/comment/${id}/`;
    for (const person of [owner, await createPerson()]) {
      expect(await person.call("PATCH", path, { comment: "x" })).toMatchObject(ABSENT);
      expect(await person.call("DELETE", path)).toMatchObject(ABSENT);
    }
    expect((await listed(owner))[0]).toMatchObject({ id, comment: "A comment", is_edited: false });
  });

  it("a path without a UUID", async () => {
    for (const id of ["1", "x", `${NO_ID}0`]) {
      expect(await reader.call("PATCH", `/api/posts/comment/${id}`, { comment: "x" })).toMatchObject(ABSENT);
      expect(await reader.call("DELETE", `/api/posts/comment/${id}`)).toMatchObject(ABSENT);
      expect(await reader.call("GET", `/api/posts/${id}/comments`)).toMatchObject(ABSENT);
    }
  });
});

describe("a comment", () => {
  it("has the contract's shape, whatever the kind of body", async () => {
    const made = [
      await send(reader, { post, comment: " Great post! ", reply_to: null }),
      await reader.form("POST", "/api/posts/comment", { post, comment: "Great post!", reply_to: "" }),
      await reader.call(
        "POST",
        "/api/posts/comment",
        new URLSearchParams({ post, comment: "Great post!" }).toString(),
        { "content-type": "application/x-www-form-urlencoded" },
      ),
    ];
    for (const { status, body } of made) {
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
        owner: {
          id: reader.id,
          username: reader.username,
          full_name: reader.username,
          profile_picture: null,
        },
        post,
        comment: "Great post!",
        reply_to: null,
        is_edited: false,
        created_at: expect.stringMatching(/Z$/),
        updated_at: null,
      });
    }
  });

  it("that was edited says so", async () => {
    const made = await createComment(reader, post);
    const { status, body } = await reader.form("PATCH", `/api/posts/comment/${made.id}`, {
      comment: "Better",
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...made,
      comment: "Better",
      is_edited: true,
      updated_at: expect.stringMatching(/Z$/),
    });
  });

  it("counts until it is deleted; its answers stay, and answer nothing then", async () => {
    const { id: of } = await createPost(owner);
    const first = await createComment(reader, of);
    const answer = await createComment(owner, of, first.id);
    expect(answer.reply_to).toBe(first.id);
    expect(await countOf(of)).toBe(2);
    expect(await reader.call("DELETE", `/api/posts/comment/${first.id}/`)).toMatchObject({
      status: 204,
      body: "",
    });
    expect(await reader.call("DELETE", `/api/posts/comment/${first.id}/`)).toMatchObject(ABSENT);
    expect(await listed(reader, of)).toMatchObject([{ id: answer.id, reply_to: null }]);
    expect(await countOf(of)).toBe(1);
  });

  it("answers nothing for a viewer who may not see whom it answers", async () => {
    const { id: of } = await createPost(owner);
    const [a, b] = [await createPerson(), await createPerson()];
    const first = await createComment(a, of);
    const answer = await createComment(owner, of, first.id);
    await block(a, b);
    expect(await listed(b, of)).toMatchObject([{ id: answer.id, reply_to: null }]);
    expect(await listed(a, of)).toMatchObject([{ id: answer.id, reply_to: first.id }, { id: first.id }]);
  });
});

describe("the list of comments", () => {
  it("is newest first, without people blocked either way; they still count", async () => {
    const { id: of } = await createPost(owner);
    const [a, b, c] = [await createPerson(), await createPerson(), await createPerson()];
    const ids = [];
    for (const person of [a, b, c]) ids.push((await createComment(person, of)).id);
    expect((await listed(a, of)).map(({ id }) => id)).toEqual([...ids].reverse());
    await block(a, b);
    await block(c, a);
    expect((await listed(a, of)).map(({ id }) => id)).toEqual([ids[0]]);
    expect((await listed(owner, of)).map(({ id }) => id)).toEqual([...ids].reverse());
    expect(await countOf(of)).toBe(3);
  });

  it("comes in pages that fit together", async () => {
    const { id: of } = await createPost(owner);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await createComment(reader, of)).id);
    const pages = await Promise.all(
      [1, 2, 3].map((page) => reader.call("GET", `/api/posts/${of}/comments/?page=${page}&page_size=2`)),
    );
    expect(pages.flatMap(({ body }) => body.results.map(({ id }: { id: string }) => id))).toEqual(ids);
    expect(pages[0]!.body).toMatchObject({
      count: 5,
      previous: null,
      next: `https://xabar.test/api/posts/${of}/comments/?page=2&page_size=2`,
    });
    expect(pages[2]!.body).toMatchObject({ count: 5, next: null });
  });

  it("a hundred comments at once count a hundred", async () => {
    const { id: of } = await createPost(owner);
    const done = await Promise.all(
      Array.from({ length: 100 }, (_, n) => send(n % 2 ? reader : owner, { post: of, comment: `${n}` })),
    );
    expect(new Set(done.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await countOf(of)).toBe(100);
    expect(await listed(owner, of)).toHaveLength(100);
  });
});
