import { beforeAll, describe, expect, it } from "vitest";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, createComment, createPost, NO_ID } from "../support/hub-posts.ts";

// Whatever hides a post hides all that is on it, at every door, and looks like absence.

const ABSENT = { status: 404, body: { error: "Resource not found" } };

interface Case {
  owner: Person;
  viewer: Person;
  post: string;
}

const HIDERS: [name: string, hide: (found: Case) => unknown][] = [
  ["the viewer has blocked its owner", ({ owner, viewer }) => block(viewer, owner)],
  ["its owner has blocked the viewer", ({ owner, viewer }) => block(owner, viewer)],
  ["its owner is private", ({ owner }) => setUser(owner, "is_private = 1")],
  [
    "its owner is private, and the viewer's contact",
    async ({ owner, viewer }) => {
      await setUser(owner, "is_private = 1");
      await addContact(viewer, owner);
    },
  ],
  ["its owner's account is being deleted", ({ owner }) => setUser(owner, "deleted_at = 1")],
  [
    "it is inactive",
    ({ owner, post }) => owner.call("PATCH", `/api/posts/post/${post}`, { is_active: false }),
  ],
  ["it is deleted", ({ owner, post }) => owner.call("DELETE", `/api/posts/post/${post}`)],
];

const setUser = ({ id }: Person, change: string) =>
  hubDb.prepare(`UPDATE hub_users SET ${change} WHERE id = ?`).bind(id).run();

const countsOf = (post: string) =>
  hubDb
    .prepare("SELECT like_count, comment_count, view_count FROM hub_posts WHERE id = ?")
    .bind(post)
    .first();

describe.each(HIDERS)("of a post, when %s", (_name, hide) => {
  let found: Case;
  let doors: [method: string, path: string, body?: object][];
  beforeAll(async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const { id: post } = await createPost(owner);
    const like = (await viewer.call("POST", "/api/posts/like/", { post })).body.id;
    await viewer.call("POST", "/api/posts/views/", { post });
    const own = (await createComment(viewer, post)).id;
    const reply_to = (await createComment(owner, post)).id;
    doors = [
      ["GET", `/api/posts/post/${post}`],
      ["PATCH", `/api/posts/post/${post}`, { content: "x" }],
      ["DELETE", `/api/posts/post/${post}`],
      ["POST", "/api/posts/like", { post }],
      ["DELETE", `/api/posts/like/${like}`],
      ["GET", `/api/posts/${post}/likes`],
      ["POST", "/api/posts/comment", { post, comment: "x" }],
      ["POST", "/api/posts/comment", { post, comment: "x", reply_to }],
      ["PATCH", `/api/posts/comment/${own}`, { comment: "x" }],
      ["DELETE", `/api/posts/comment/${own}`],
      ["GET", `/api/posts/${post}/comments`],
      ["POST", "/api/posts/views", { post }],
      ["GET", `/api/posts/${post}/views`],
    ];
    found = { owner, viewer, post };
    await hide(found);
  });

  it("nothing is there, and nothing changes", async () => {
    const before = await countsOf(found.post);
    for (const [method, path, body] of doors)
      for (const slash of ["", "/"])
        expect(await found.viewer.call(method, path + slash, body), `${method} ${path}`).toMatchObject(
          ABSENT,
        );
    expect(await countsOf(found.post)).toEqual(before);
  });

  it("the list leaves it out", async () => {
    const { body } = await found.viewer.call<{ id: string }[]>("GET", "/api/posts/post/");
    expect(body.map(({ id }) => id)).not.toContain(found.post);
  });
});

it("a post that never was is as absent at every door", async () => {
  const viewer = await createPerson();
  for (const [method, path, body] of [
    ["POST", "like", { post: NO_ID }],
    ["DELETE", `like/${NO_ID}`],
    ["GET", `${NO_ID}/likes`],
    ["POST", "comment", { post: NO_ID, comment: "x" }],
    ["PATCH", `comment/${NO_ID}`, { comment: "x" }],
    ["DELETE", `comment/${NO_ID}`],
    ["GET", `${NO_ID}/comments`],
    ["POST", "views", { post: NO_ID }],
    ["GET", `${NO_ID}/views`],
  ] as const)
    expect(await viewer.call(method, `/api/posts/${path}/`, body), path).toMatchObject(ABSENT);
});

it("an inactive post is all there for its owner", async () => {
  const owner = await createPerson();
  const { id: post } = await createPost(owner);
  await owner.call("PATCH", `/api/posts/post/${post}`, { is_active: false });
  expect(await owner.call("POST", "/api/posts/like", { post })).toMatchObject({ status: 201 });
  expect(await owner.call("POST", "/api/posts/comment", { post, comment: "x" })).toMatchObject({
    status: 201,
  });
  expect(await owner.call("GET", `/api/posts/${post}/likes`)).toMatchObject({ body: [{ post }] });
});
