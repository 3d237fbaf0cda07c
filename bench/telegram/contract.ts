// What the bench and its Worker (worker/index.ts) say to each other.

/** Rows of the objects since the last reset: GET reads them as `ObjectRows`, DELETE resets them. */
export const ROWS_PATH = "/__telegram/rows";

/** POST with a `Filling` makes mailings that are due at a time. */
export const FILL_PATH = "/__telegram/fill";

/** GET with `?user=` lists the runs of a mailing as `RunTimes`. */
export const RUNS_PATH = "/__telegram/runs";

/** GET tells what imagined accounts have posted. */
export const POSTS_PATH = "/__telegram/posts";

/** POST with `Calls` has accounts ask Telegram for their groups, all at once. */
export const CALLS_PATH = "/__telegram/calls";

export interface ObjectRows {
  read: number;
  /** With a row for each alarm that was set. */
  written: number;
  alarmsSet: number;
}

export interface Filling {
  users: number[];
  /** In each mailing. */
  groups: number;
  /** When its first run is due. */
  dueAt: number;
}

export interface RunTimes extends Record<string, SqlStorageValue> {
  number: number;
  planned_at: number;
  began_at: number | null;
  ended_at: number | null;
  sent: number;
  others: number;
}

type SqlStorageValue = ArrayBuffer | string | number | null;

export interface Posts {
  total: number;
  /** The most that one group got. */
  most: number;
}

export interface Calls {
  accounts: { user: number; phone: string }[];
}

/** The phones of accounts without a connection: they post at once, and count. */
export const IMAGINED = "1000";
