import type { Units } from "../billing.ts";
import { call, type Stage, type User } from "../stage.ts";

/** The counted call. Its result is added to the units, for costs that the meter cannot see. */
export type Call = () => Promise<Partial<Units> | undefined>;

/** A line of the table. */
export interface Case {
  name: string;
  /** The route that it covers, as method and pattern of Hono. */
  route?: string;
  /** Why it may grow with the mailbox. Without a reason it must not. */
  grows?: string;
  /** Prepares the call without counting; null if this version of the Worker lacks it. */
  prepare(stage: Stage): Promise<Call | null>;
}

/** Optional fields of a case. */
export type About = Pick<Case, "route" | "grows">;

/** A case without preparation. */
export const plain = (name: string, about: About, run: (stage: Stage) => Promise<unknown>): Case => ({
  ...{ name, ...about },
  prepare: async (stage) => async () => {
    await run(stage);
  },
});

/** A GET of a known path. */
export const get = (
  name: string,
  user: User,
  path: string | ((stage: Stage) => string),
  about: About = {},
): Case =>
  plain(name, about, (stage) => call(stage, user, "GET", typeof path === "string" ? path : path(stage)));

/** A case whose call needs the result of `find`. */
export const having = <Found>(
  name: string,
  about: About,
  find: (stage: Stage) => Promise<Found>,
  run: (stage: Stage, found: Found) => Promise<unknown>,
): Case => ({
  ...{ name, ...about },
  prepare: async (stage) => {
    const found = await find(stage);
    return async () => {
      await run(stage, found);
    };
  },
});

/** The page after page `before`, read by cursor. Undefined stands for page 1 of a list without page numbers. */
export const byCursor = (
  name: string,
  user: User,
  path: string,
  before?: number,
  about: About = {},
): Case => ({
  ...{ name, ...about },
  prepare: async (stage) => {
    const answer = await call(stage, user, "GET", before === undefined ? path : `${path}?page=${before}`);
    if (!answer.next_cursor) return null;
    const cursor = encodeURIComponent(answer.next_cursor);
    return async () => {
      await call(stage, user, "GET", `${path}?cursor=${cursor}`);
    };
  },
});
