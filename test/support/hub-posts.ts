import { expect } from "vitest";
import type { PostCommentResponse, PostResponse } from "../../src/hub/posts/responses.ts";
import { unique } from "./client.ts";
import { hubDb, type Person } from "./hub-client.ts";

/** A UUID that nothing has. */
export const NO_ID = "00000000-0000-7000-8000-000000000000";

export async function createPost(owner: Person, content = "A post"): Promise<PostResponse> {
  const { status, body } = await owner.call<PostResponse>("POST", "/api/posts/post/", { content });
  expect(status).toBe(201);
  return body;
}

export async function createComment(
  owner: Person,
  post: string,
  reply_to: string | null = null,
): Promise<PostCommentResponse> {
  const { status, body } = await owner.call<PostCommentResponse>("POST", "/api/posts/comment/", {
    ...{ post, comment: "A comment", reply_to },
  });
  expect(status).toBe(201);
  return body;
}

/** One person blocks another. */
export const block = (who: Person, whom: Person) =>
  hubDb
    .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 0)")
    .bind(who.id, whom.id)
    .run();

/** One person takes another as contact. */
export const addContact = (who: Person, whom: Person) =>
  hubDb
    .prepare("INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 0, 0)")
    .bind(who.id, whom.id)
    .run();

/** The number of rows of a post, in a table. */
export const rowsOf = async (table: string, post: string): Promise<number> =>
  (await hubDb
    .prepare(`SELECT count(*) AS count FROM ${table} WHERE post_id = ?`)
    .bind(post)
    .first<number>("count"))!;

/** Puts images into a post, without an upload. @returns the keys of the files */
export async function seedImages(post: string, owner: number, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, () => `file${unique()}`);
  await hubDb.batch(
    keys.flatMap((key, position) => [
      hubDb
        .prepare(
          "INSERT INTO hub_post_images (id, post_id, position, file, created_at) VALUES (?, ?, ?, ?, 0)",
        )
        .bind(crypto.randomUUID(), post, position, key),
      hubDb
        .prepare(
          "INSERT INTO hub_files (key, owner_id, kind, content_type, size, is_used, created_at) VALUES (?, ?, 'post', 'image/png', 1, 1, 0)",
        )
        .bind(key, owner),
    ]),
  );
  return keys;
}

/** The files that are still there, of some. */
export const keptFiles = async (keys: string[]): Promise<string[]> =>
  (
    await hubDb
      .prepare(
        "SELECT key FROM hub_files WHERE deleted_at IS NULL AND key IN (SELECT value FROM json_each(?)) ORDER BY key",
      )
      .bind(JSON.stringify(keys))
      .all<{ key: string }>()
  ).results.map(({ key }) => key);
