import type { Units } from "../billing.ts";
import { call, type Stage, type User } from "../stage.ts";

/** The call that is counted. What it returns is added: units that no meter of the Worker sees. */
export type Call = () => Promise<Partial<Units> | undefined>;

/** One line of the table. */
export interface Case {
  name: string;
  /** The route that it covers: method and pattern, as Hono has them. */
  route?: string;
  /** Why its figures may rise with the mailbox; without it they must not. */
  grows?: string;
  /** Prepares the call, uncounted; null where this version of the Worker does not have it. */
  prepare(stage: Stage): Promise<Call | null>;
}

/** What a case may say besides its name and its call. */
export type About = Pick<Case, "route" | "grows">;

/** A call that needs no preparation. */
export const plain = (name: string, about: About, run: (stage: Stage) => Promise<unknown>): Case => ({
  ...{ name, ...about },
  prepare: async (stage) => async () => {
    await run(stage);
  },
});

/** A GET of a path that is known beforehand. */
export const get = (
  name: string,
  user: User,
  path: string | ((stage: Stage) => string),
  about: About = {},
): Case =>
  plain(name, about, (stage) => call(stage, user, "GET", typeof path === "string" ? path : path(stage)));

/** A call that `find` first looks something up for. */
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

/** The page after page `before`, reached by the cursor of that one. */
export const byCursor = (
  name: string,
  user: User,
  path: string,
  before: number,
  about: About = {},
): Case => ({
  ...{ name, ...about },
  prepare: async (stage) => {
    const answer = await call(stage, user, "GET", `${path}?page=${before}`);
    if (!answer.next_cursor) return null;
    const cursor = encodeURIComponent(answer.next_cursor);
    return async () => {
      await call(stage, user, "GET", `${path}?cursor=${cursor}`);
    };
  },
});
