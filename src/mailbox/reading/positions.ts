import type { MailboxContext } from "../context.ts";

/** Where a row stands in a list: what it is sorted by, the message's id, the UID. */
export type Position = [sortKey: string | number, messageId: string, uid: number];

/** Lists whose positions are remembered, and positions of each, at most. */
const MAX_LISTS = 16;
const MAX_POSITIONS = 64;

/** In memory alone: without it, a page is found by counting. */
const remembered = new WeakMap<MailboxContext, Map<string, Map<number, Position>>>();

/** What precedes the rows of a list, by offset: so that who walks through it page by page never counts. */
export interface Positions {
  get(offset: number): Position | undefined;
  set(offset: number, position: Position): void;
}

/** @param list names a list in one state: it must change with the folder's version */
export function positionsOf(ctx: MailboxContext, list: string): Positions {
  const lists = remembered.get(ctx) ?? new Map<string, Map<number, Position>>();
  remembered.set(ctx, lists);
  const positions = lists.get(list) ?? new Map<number, Position>();
  keepNewest(lists, list, positions, MAX_LISTS);
  return {
    get: (offset) => positions.get(offset),
    set: (offset, position) => keepNewest(positions, offset, position, MAX_POSITIONS),
  };
}

/** Puts an entry at the end of a map, and drops what is too old: a map keeps the order of insertion. */
function keepNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
