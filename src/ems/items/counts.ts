import { type SQL, sql } from "../../platform/d1/sql.ts";
import { FOLDERS, type Folder, type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";

// A state is a bit mask: 1 read, 2 starred, 4 archived. ems_inbox_counters counts a user's messages by folder and state.
// State 0 is not counted, since a message without an entry row has it too: it is the total minus the other states.

const [READ, STARRED, ARCHIVED] = [1, 2, 4];
const STATES = [0, 1, 2, 3, 4, 5, 6, 7];

const SHOWN_FOLDERS = FOLDERS.filter((folder) => !HIDDEN_FOLDERS.includes(folder));

/** Filters messages by the user's state. Undefined matches both values. */
export interface Filter {
  is_read: boolean | undefined;
  is_starred: boolean | undefined;
  is_archived: boolean | undefined;
}

/** What an inbox shows, and what of it is unread. */
export const SHOWN: Filter = { is_read: undefined, is_starred: undefined, is_archived: false };
export const UNREAD: Filter = { ...SHOWN, is_read: false };

/** The columns of `selectCounters`. */
export interface Counters {
  /** All messages of the account in the folders asked for. */
  messages: number;
  /** The user's counters, as JSON; null when the user has touched no message. */
  states: string | null;
}

/**
 * Selects the counters of account `a`, for the user with counters `n`.
 * @param folder undefined for all shown folders
 */
export const selectCounters = (folder: FolderFilter): SQL<Counters> =>
  sql`${messagesIn(folder)} AS messages, n.states`;

function messagesIn(folder: FolderFilter): SQL {
  if (folder === undefined) return sql`a.message_count`;
  if (folder === "all") return sql`a.message_count + a.hidden_message_count`;
  return sql`coalesce((
    SELECT message_count FROM ems_folder_counters WHERE account_id = a.id AND folder = ${folder}), 0)`;
}

/**
 * Counts the messages of an account that match a filter.
 * @param folder the same as for `selectCounters`
 */
export function countOf({ messages, states }: Counters, filter: Filter, folder: FolderFilter): number {
  const counts: Record<string, number> = JSON.parse(states ?? "{}");
  const inStates = (some: number[]) =>
    foldersOf(folder)
      .flatMap((name) => some.map((state) => counts[`${name}${state}`] ?? 0))
      .reduce((sum, count) => sum + count, 0);
  const wanted = STATES.filter((state) => isWanted(filter, state));
  const unwanted = STATES.filter((state) => !isWanted(filter, state));
  return wanted.includes(0) ? messages - inStates(unwanted) : inStates(wanted);
}

const foldersOf = (folder: FolderFilter): Folder[] =>
  folder === undefined ? SHOWN_FOLDERS : folder === "all" ? [...FOLDERS] : [folder];

function isWanted({ is_read, is_starred, is_archived }: Filter, state: number): boolean {
  const isAsked = (flag: boolean | undefined, bit: number) =>
    flag === undefined || flag === (state & bit) > 0;
  return isAsked(is_read, READ) && isAsked(is_starred, STARRED) && isAsked(is_archived, ARCHIVED);
}
