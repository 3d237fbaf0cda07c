/** The lists of conversations: the views of `GET /conversations`. */
const NAMES = ["inbox", "starred", "archived", "sent", "all", "junk", "trash"] as const;

export type View = (typeof NAMES)[number];

export const isView = (name: string | undefined): name is View => NAMES.some((view) => view === name);

/** What a list of conversations shows. */
export interface ListQuery {
  view: View;
  /** Only this mailbox. */
  account_id?: string | undefined;
  /** Only conversations with an unread message. */
  unread?: boolean | undefined;
}

/** The address of a list, or of a conversation in it. */
export function pathOf({ view, account_id, unread }: ListQuery, threadId?: string): string {
  const query = new URLSearchParams();
  if (account_id) query.set("mailbox", account_id);
  if (unread) query.set("unread", "1");
  const path = threadId ? `/app/${view}/${threadId}` : `/app/${view}`;
  return query.size ? `${path}?${query}` : path;
}
