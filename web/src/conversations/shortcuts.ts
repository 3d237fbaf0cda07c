import { queries } from "../api.ts";
import { openComposer } from "../compose/open.ts";
import type { Shortcut } from "../keyboard.ts";
import { threadQuery } from "../thread/query.ts";
import { type Change, change } from "./changes.ts";
import type { Pages } from "./pages.ts";
import { archiveOf } from "./row.tsx";
import { undoLatest } from "./undo.ts";

/** A set with this id, or without it if it had it. */
export const toggled = (set: ReadonlySet<string>, id: string): ReadonlySet<string> => {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
};

interface ListState {
  list: Pages;
  openId: string | undefined;
  cursorId: string | undefined;
  selected: ReadonlySet<string>;
  /** Moves the cursor, and opens the conversation if one is open or `isOpening`. */
  move: (threadId: string, isOpening?: boolean) => void;
  open: (threadId: string | undefined) => void;
  select: (selected: ReadonlySet<string>) => void;
}

/** The keys of a list and of the conversation that is open in it. */
export function shortcutsOf({ list, openId, cursorId, selected, move, open, select }: ListState): Shortcut[] {
  const current = openId ?? cursorId;
  const step = (by: 1 | -1) => {
    const row = current === undefined ? -1 : list.rowOf(current);
    const next = list.at(row < 0 ? 0 : row + by);
    if (next) move(next.thread_id);
  };
  const targets = () => (selected.size ? [...selected] : current === undefined ? [] : [current]);
  const conversationOf = (id: string) => list.at(list.rowOf(id));
  /** An open conversation may be on no page of the list that is kept. */
  const threadOf = (id: string) => queries.getQueryData(threadQuery(id, list.query.view).queryKey);
  const isStarred = (id: string) =>
    conversationOf(id)?.is_starred ?? threadOf(id)?.messages.some(({ inbox }) => inbox.is_starred) ?? false;
  const isUnread = (id: string) => {
    const conversation = conversationOf(id);
    if (conversation) return conversation.unread_count > 0;
    return threadOf(id)?.messages.some(({ inbox }) => !inbox.is_read) ?? false;
  };

  const act = (kind: Change) => {
    const ids = targets();
    if (ids.length === 0) return;
    // What comes after the last one that goes, for the cursor.
    const row = Math.max(...ids.map((id) => list.rowOf(id)));
    const after = list.at(row + 1) ?? list.at(row - 1);
    const leaves = kind === "archive" || kind === "unarchive";
    change(
      kind,
      ids.map((thread_id) => ({ thread_id })),
    );
    if (selected.size) select(new Set());
    else if (leaves && after && !ids.includes(after.thread_id)) move(after.thread_id);
    else if (leaves && openId !== undefined) open(undefined);
  };
  const reply = (kind: "reply" | "reply-all" | "forward") => {
    if (current === undefined) return;
    const message_id = threadOf(current)?.messages.at(-1)?.id ?? conversationOf(current)?.message.id;
    if (message_id) openComposer({ kind, message_id, thread_id: current });
  };
  const toggle = (on: Change, off: Change, isOn: (id: string) => boolean) =>
    act(targets().every(isOn) ? off : on);

  return [
    { keys: "j", label: "key.next", run: () => step(1) },
    { keys: "k", label: "key.previous", run: () => step(-1) },
    { keys: "ArrowDown", label: "key.next", run: () => step(1) },
    { keys: "ArrowUp", label: "key.previous", run: () => step(-1) },
    { keys: "Enter", label: "key.open", run: () => current && move(current, true) },
    { keys: "o", label: "key.open", run: () => current && move(current, true) },
    { keys: "u", label: "key.close", run: () => open(undefined) },
    { keys: "Escape", label: "key.close", run: () => (selected.size ? select(new Set()) : open(undefined)) },
    { keys: "x", label: "list.select", run: () => current && select(toggled(selected, current)) },
    {
      keys: "e",
      label: archiveOf(list.query) === "archive" ? "action.archive" : "action.unarchive",
      run: () => act(archiveOf(list.query)),
    },
    {
      keys: "s",
      label: "action.star",
      run: () => toggle("star", "unstar", isStarred),
    },
    {
      keys: "U",
      label: "action.unread",
      run: () => toggle("unread", "read", isUnread),
    },
    { keys: "r", label: "action.reply", run: () => reply("reply") },
    { keys: "a", label: "action.replyAll", run: () => reply("reply-all") },
    { keys: "f", label: "action.forward", run: () => reply("forward") },
    { keys: "Ctrl+z", label: "action.undo", run: undoLatest },
    { keys: "z", label: "action.undo", run: undoLatest },
  ];
}
