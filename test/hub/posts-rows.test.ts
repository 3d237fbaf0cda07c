import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { type Observed, observedD1 } from "../../dev/worker/observed-d1.ts";
import { createContext, type UserCtx } from "../../src/hub/context.ts";
import { createComment, listComments } from "../../src/hub/posts/comments.ts";
import { createPost } from "../../src/hub/posts/create.ts";
import { likePost, listLikes } from "../../src/hub/posts/likes.ts";
import { getPost, listPosts } from "../../src/hub/posts/list.ts";
import { viewPost } from "../../src/hub/posts/views.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";

const NEWEST = { limit: 100, offset: 0, isPaged: false };
const PAGE = { limit: 25, offset: 0, isPaged: true };

/** A context that counts rows as D1 bills them. */
function metered(userId: number) {
  const statements: Observed[] = [];
  const ctx: UserCtx = {
    ...createContext(
      { ...env, HUB_DB: observedD1(env.HUB_DB, (each) => statements.push(each)) },
      { waitUntil: () => {} },
    ),
    ...{ origin: "https://xabar.test", address: "local", language: "uz" },
    user: { id: userId, isStaff: false, sessionId: "" },
  };
  const rows = async (run: () => Promise<unknown>) => {
    statements.length = 0;
    await run();
    const sum = (of: (each: Observed) => number) => statements.reduce((all, each) => all + of(each), 0);
    return { read: sum((each) => each.rowsRead), written: sum((each) => each.rowsWritten) };
  };
  return { ctx, rows };
}

/** Each post has an image, a like of the viewer, and one of 500 owners; each tenth is inactive. */
async function seedPosts(viewer: number, from: number, to: number): Promise<void> {
  const id = "printf('01900000-0000-7000-8000-%012d', i)";
  const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})`;
  await hubDb.batch(
    [
      `INSERT INTO hub_users (id, email, username, date_joined)
       WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
       SELECT 1000000 + i, 'o' || i, 'o' || i, 0 FROM n WHERE true ON CONFLICT DO NOTHING`,
      `INSERT INTO hub_posts (id, owner_id, content, is_active, created_at)
       ${numbers} SELECT ${id}, 1000000 + i % 500, 'x', i % 10 <> 0, 0 FROM n`,
      `INSERT INTO hub_post_images (id, post_id, position, file, created_at)
       ${numbers} SELECT 'i' || i, ${id}, 0, 'f' || i, 0 FROM n`,
      `INSERT INTO hub_likes (id, post_id, owner_id, created_at) ${numbers} SELECT ${id}, ${id}, ${viewer}, 0 FROM n`,
    ].map((sql) => hubDb.prepare(sql)),
  );
}

/** Of one post. */
async function seedOn(post: string, from: number, to: number): Promise<void> {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})`;
  const id = `printf('01900000-0000-7000-9000-%012d', i)`;
  await hubDb.batch(
    [
      `INSERT INTO hub_users (id, email, username, date_joined) ${numbers}
       SELECT 2000000 + i, 'p' || i, 'p' || i, 0 FROM n`,
      `INSERT INTO hub_likes (id, post_id, owner_id, created_at) ${numbers}
       SELECT ${id}, '${post}', 2000000 + i, 0 FROM n`,
      `INSERT INTO hub_post_comments (id, post_id, owner_id, comment, created_at) ${numbers}
       SELECT ${id}, '${post}', 2000000 + i, 'x', 0 FROM n`,
    ].map((sql) => hubDb.prepare(sql)),
  );
}

it("the newest posts cost the same among 1,000 and among 20,000, and no more than the bars", async () => {
  const { id } = await createPerson();
  const { ctx, rows } = metered(id);
  const costs = [];
  for (const [from, to] of [
    [0, 1000],
    [1000, 20_000],
  ] as const) {
    await seedPosts(id, from, to);
    expect((await listPosts(ctx, NEWEST)).items).toHaveLength(100);
    const newest = await rows(() => listPosts(ctx, NEWEST));
    const page = await rows(() => listPosts(ctx, PAGE));
    costs.push({ newest: newest.read, page: page.read });
  }
  expect(costs[0]).toEqual(costs[1]);
  expect(costs[0]?.newest).toBeLessThanOrEqual(600);
  expect(costs[0]?.page).toBeLessThanOrEqual(150);
});

it("a like, a comment, an answer and a view write at most 5 rows, however many there are", async () => {
  const { id } = await createPerson();
  const { ctx, rows } = metered(id);
  const costs = [];
  for (const [from, to] of [
    [0, 100],
    [100, 5000],
  ] as const) {
    const post = (await createPost(ctx, { content: "x", images: [] })).id;
    await seedOn(post, from, to);
    const comment = { post, comment: "x" };
    const first = await createComment(ctx, { ...comment, reply_to: null });
    costs.push([
      await rows(() => likePost(ctx, post)),
      await rows(() => viewPost(ctx, post)),
      await rows(() => viewPost(ctx, post)),
      await rows(() => createComment(ctx, { ...comment, reply_to: null })),
      await rows(() => createComment(ctx, { ...comment, reply_to: first.id })),
      await rows(() => getPost(ctx, post)),
      await rows(() => listLikes(ctx, post, PAGE)),
      await rows(() => listComments(ctx, post, PAGE)),
    ]);
  }
  expect(costs[0]).toEqual(costs[1]);
  for (const { written } of costs[0] ?? []) expect(written).toBeLessThanOrEqual(5);
  for (const { read } of costs[0] ?? []) expect(read).toBeLessThanOrEqual(100);
});
