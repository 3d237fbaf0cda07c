import { type SQL, sql } from "drizzle-orm/sql";
import { FOLDERS, type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";
import type { Filter } from "./entries.ts";

// A state is a sum: 1 read, 2 starred, 4 archived. ems_inbox_counters has what is read, and what is archived, of all
// that is shown; ems_inbox_state_counters has each folder's states, but for 0 (no counter can know what has no row) and
// for what is read in the inbox, which is the rest of what is read. So the commonest changes write no row more.

const [READ, STARRED, ARCHIVED] = [1, 2, 4];
const STATES = [0, 1, 2, 3, 4, 5, 6, 7];

const SHOWN = FOLDERS.filter((folder) => !HIDDEN_FOLDERS.includes(folder));

function isWanted({ is_read, is_starred, is_archived }: Filter, state: number): boolean {
  const isAsked = (flag: boolean | undefined, bit: number) =>
    flag === undefined || flag === (state & bit) > 0;
  return isAsked(is_read, READ) && isAsked(is_starred, STARRED) && isAsked(is_archived, ARCHIVED);
}

/**
 * An expression for how many messages of account `a` a filter shows a user, whose counters are `n`.
 * @param folder undefined: of all that is shown
 */
export function countOf(userId: number, filter: Filter, folder: FolderFilter): SQL {
  const [read, archived] = [sql`coalesce(n.read_count, 0)`, sql`coalesce(n.archived_count, 0)`];
  if (folder === undefined && !filter.is_archived && filter.is_starred === undefined) {
    if (filter.is_read) return read;
    return filter.is_read === undefined
      ? sql`a.message_count - ${archived}`
      : sql`a.message_count - ${read} - ${archived}`;
  }
  const folders: string[] = folder === undefined ? SHOWN : folder === "all" ? [...FOLDERS] : [folder];
  const counted = (some: string[], states: number[]) => sql`(
    SELECT coalesce(sum(count), 0) FROM ems_inbox_state_counters WHERE user_id = ${userId} AND account_id = a.id
      AND folder IN (${sql.raw(some.map((name) => `'${name}'`).join(", "))}) AND state IN (${sql.raw(states.join(", "))}))`;
  const readInInbox = sql`(${read} - ${counted(SHOWN, [READ, READ + STARRED])})`;
  const inStates = (states: number[]) =>
    states.includes(READ) && folders.includes("inbox")
      ? sql`(${counted(folders, states)} + ${readInInbox})`
      : counted(folders, states);
  const wanted = STATES.filter((state) => isWanted(filter, state));
  if (!wanted.includes(0)) return inStates(wanted);
  const unwanted = STATES.filter((state) => !wanted.includes(state));
  return sql`${messagesIn(folder)} - ${inStates(unwanted)}`;
}

function messagesIn(folder: FolderFilter): SQL {
  if (folder === undefined) return sql`a.message_count`;
  if (folder === "all") return sql`(a.message_count + a.hidden_message_count)`;
  return sql`coalesce((
    SELECT message_count FROM ems_folder_counters WHERE account_id = a.id AND folder = ${folder}), 0)`;
}
