import type { Schemas } from "../api.ts";

export type Message = Schemas["MessageResponse"];

/** At most this many messages are open at first: an open one may hold a whole newsletter. */
const MAX_OPEN = 10;

/** What of a conversation is open when it is opened, and what is put away. */
export interface Fold {
  /** The ids of the messages that are shown whole: the last one, and the newest of the unread. */
  open: Set<string>;
  /** The ids of those that do not even have a line of their own. */
  away: Set<string>;
}

/** Decides what of a conversation is shown. @param messages oldest first */
export function foldOf(messages: Message[]): Fold {
  const unread = messages.filter(({ inbox }) => !inbox.is_read).slice(-MAX_OPEN);
  const open = new Set([...unread, ...messages.slice(-1)].map(({ id }) => id));
  const lines = new Set([...messages.slice(0, 1), ...messages.slice(-2)].map(({ id }) => id));
  const away = new Set<string>();
  for (const run of runsOf(messages, ({ id }) => !open.has(id) && !lines.has(id)))
    if (run.length > 1) for (const { id } of run) away.add(id);
  return { open, away };
}

/** The longest runs of neighbours for which this holds. */
export function runsOf<Item>(items: Item[], holds: (item: Item) => boolean): Item[][] {
  const runs: Item[][] = [];
  let previous = -2;
  items.forEach((item, at) => {
    if (!holds(item)) return;
    if (previous === at - 1) runs.at(-1)?.push(item);
    else runs.push([item]);
    previous = at;
  });
  return runs;
}
