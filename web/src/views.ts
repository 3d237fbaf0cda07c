import { Archive, Inbox, Layers, type LucideIcon, Send, ShieldAlert, Star, Trash2 } from "lucide-react";

/** The lists of conversations: the views of `GET /conversations`, with the key after `g` that opens each. */
export const VIEWS = {
  inbox: { icon: Inbox, key: "i" },
  starred: { icon: Star, key: "s" },
  archived: { icon: Archive, key: "a" },
  sent: { icon: Send, key: "t" },
  all: { icon: Layers, key: "l" },
  junk: { icon: ShieldAlert, key: "j" },
  trash: { icon: Trash2, key: "b" },
} as const satisfies Record<string, { icon: LucideIcon; key: string }>;

export type View = keyof typeof VIEWS;

export const isView = (name: string | undefined): name is View => name !== undefined && name in VIEWS;

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
