import { type SQL, sql } from "../../platform/d1/sql.ts";
import { type Folder, HIDDEN_FOLDERS } from "../folders.ts";
import { flagsOf } from "../inbox/entries.ts";
import type { Filter } from "../items/counts.ts";
import type { VIEWS } from "./schemas.ts";

/** The messages of a view: those of a folder, or of all shown folders, in a state that the caller gave them. */
export interface View {
  folder: Folder | undefined;
  filter: Filter;
  isUnreadOnly: boolean;
}

const ANY: Filter = { is_read: undefined, is_starred: undefined, is_archived: undefined };

/** @param isUnreadOnly narrows the view to its unread messages */
export function viewOf(name: (typeof VIEWS)[number], isUnreadOnly: boolean): View {
  if (name === "starred") return { folder: undefined, filter: { ...ANY, is_starred: true }, isUnreadOnly };
  if (name === "archived") return { folder: undefined, filter: { ...ANY, is_archived: true }, isUnreadOnly };
  // Here dense ranges find what is unread. In other views, messages are read first, and then those read are dropped.
  if (name === "inbox") {
    const is_read = isUnreadOnly ? false : undefined;
    return { folder: name, filter: { ...ANY, is_read, is_archived: false }, isUnreadOnly };
  }
  return { folder: name === "all" ? undefined : name, filter: ANY, isUnreadOnly };
}

/** False for a view that is the same for all users. */
export const isPersonal = ({ filter, isUnreadOnly }: View): boolean =>
  isUnreadOnly || filter.is_starred !== undefined || filter.is_archived !== undefined;

/** 1 for a view of a folder that lists leave out, else 0. */
export const hiddenOf = ({ folder }: View): SQL =>
  sql.raw(folder !== undefined && HIDDEN_FOLDERS.includes(folder) ? "1" : "0");

/** The condition for a message `page` of the view, with the caller's entry `e`, if it has one. */
export const isInView = ({ folder, filter, isUnreadOnly }: View): SQL => sql`
  ${folder === undefined ? sql`true` : sql`page.folder = ${folder}`}
  ${flagsOf({ ...filter, is_read: isUnreadOnly ? false : undefined }, (flag) => `coalesce(e.${flag}, 0)`)}`;
