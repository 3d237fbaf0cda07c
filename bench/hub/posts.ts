import type { RunningWorker } from "../support/worker.ts";

/** Rows per statement. */
const PORTION = 10_000;

const ID = "printf('01900000-0000-7000-8000-%012d', i)";

/**
 * Inserts the posts of the numbers `from` to `to - 1`: each has an image, each tenth is inactive, and the viewer likes those
 * with an even number. The owners of any 50 in a row are alike: see people.ts.
 * @param people how many there are, a multiple of 50
 */
export async function fillPosts(
  { hubDb }: RunningWorker,
  { from, to, people, viewer }: { from: number; to: number; people: number; viewer: number },
): Promise<void> {
  for (let first = from; first < to; first += PORTION) {
    const last = Math.min(first + PORTION, to) - 1;
    const numbers = `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
    await hubDb.batch(
      [
        `INSERT INTO hub_posts (id, owner_id, content, is_active, created_at)
         ${numbers} SELECT ${ID}, 1 + i * 7919 % ${people}, 'A post of middling length.', i % 10 <> 0, 0 FROM n`,
        `INSERT INTO hub_post_images (id, post_id, position, file, created_at)
         ${numbers} SELECT 'i' || i, ${ID}, 0, 'f' || i, 0 FROM n`,
        `INSERT INTO hub_likes (id, post_id, owner_id, created_at)
         ${numbers} SELECT ${ID}, ${ID}, ${viewer}, 0 FROM n WHERE i % 2 = 0`,
      ].map((sql) => hubDb.prepare(sql)),
    );
  }
}

/** True for a post that the viewer does not like. */
export const isUnliked = (id: string): boolean => /[13579]$/.test(id);
