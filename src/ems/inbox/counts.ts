import { type SQL, sql } from "../../platform/d1/sql.ts";
import { FOLDERS, type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";
import type { Filter } from "./entries.ts";

// A state is a bit mask: 1 read, 2 starred, 4 archived. ems_inbox_counters counts a user's read and archived messages,
// over all shown folders. ems_inbox_state_counters counts messages by folder and state, with two gaps:
// - State 0: a message without a row cannot be counted. It is the total minus the other states.
// - State 1 (read only) in the inbox folder: it is the read count minus all counted read messages. So reading, the most
//   common change, writes no extra row.

const [READ, STARRED, ARCHIVED] = [1, 2, 4];
const STATES = [0, 1, 2, 3, 4, 5, 6, 7];

const SHOWN = FOLDERS.filter((folder) => !HIDDEN_FOLDERS.includes(folder));

function isWanted({ is_read, is_starred, is_archived }: Filter, state: number): boolean {
  const isAsked = (flag: boolean | undefined, bit: number) =>
    flag === undefined || flag === (state & bit) > 0;
  return isAsked(is_read, READ) && isAsked(is_starred, STARRED) && isAsked(is_archived, ARCHIVED);
}

/**
 * An expression for the number of messages in account `a` that match a filter, for the user with counters `n`.
 * @param folder undefined for all shown folders
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
