import type { Schemas } from "../../../client/index.ts";
import { queries } from "../cache.ts";
import { type ListQuery, pathOf } from "../paths.ts";
import { Answers, isBefore } from "./order.ts";

export type Conversation = Schemas["Conversation"];

/** As many conversations as a request asks for. */
export const PAGE_SIZE = 50;

/** How many pages are kept before and after the one that was read last. Others are read again when they are in sight. */
const KEPT_PAGES = 10;

/** The lists on the screen. */
export const openLists = new Set<Pages>();

/** What is asked for of a list: a page after a cursor, or one conversation. */
export interface PageRequest {
  cursor?: string;
  size?: number;
  thread_id?: string;
}

/** Reads a page of a list from the API. */
export type ReadPage = (
  query: ListQuery,
  request: PageRequest,
  signal?: AbortSignal,
) => Promise<Schemas["ConversationListResponse"]>;

/** Where a row was, to put it back. */
export interface Removed {
  page: number;
  index: number;
  item: Conversation;
}

/**
 * A list of conversations in pages. Only those in sight are kept: a list of 100,000 takes no more memory than one of
 * 100. The cursors of all pages that were ever read are kept, so that each can be read again.
 */
export class Pages {
  readonly query: ListQuery;
  readonly #readPage: ReadPage;
  /** Its place in the cache of answers. */
  readonly key: string;
  #cursors: (string | undefined)[] = [undefined];
  #counts: number[] = [];
  #isComplete = false;
  #listeners = new Set<() => void>();
  /** What has changed while the list must not move, by thread; null for one that left the list. */
  #held = new Map<string, Conversation | null>();
  #isHolding = false;
  #open: string | undefined;
  #version = 0;
  readonly #answers = new Answers((threadIds) => this.refresh(threadIds));

  constructor(query: ListQuery, readPage: ReadPage) {
    this.query = query;
    this.#readPage = readPage;
    this.key = pathOf(query);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Grows with each change. */
  readonly version = (): number => this.#version;

  #tell(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  /** How many conversations of the list are known so far. */
  get length(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** True after the first page has been read. */
  get isRead(): boolean {
    return this.#counts.length > 0;
  }

  /** How many pages can be read: those that are known, and the one after them. */
  get pageCount(): number {
    return this.#cursors.length;
  }

  /** The page of a row and the row's place in it. */
  placeOf(row: number): { page: number; index: number } {
    let index = row;
    for (const [page, count] of this.#counts.entries()) {
      if (index < count) return { page, index };
      index -= count;
    }
    return { page: this.#counts.length, index };
  }

  /** The conversation in a row; undefined while its page is not there. */
  at(row: number): Conversation | undefined {
    const { page, index } = this.placeOf(row);
    return this.#items(page)?.[index];
  }

  /** The row of a conversation, if its page is there; else -1. */
  rowOf(threadId: string): number {
    const place = this.#find(threadId);
    if (!place) return -1;
    return this.#counts.slice(0, place.page).reduce((sum, count) => sum + count, 0) + place.index;
  }

  #items = (page: number): Conversation[] | undefined => queries.getQueryData(this.#queryKey(page));

  #queryKey = (page: number) => ["conversations", this.key, page] as const;

  #find(threadId: string): Removed | undefined {
    for (const page of this.#counts.keys()) {
      const items = this.#items(page);
      const index = items?.findIndex(({ thread_id }) => thread_id === threadId) ?? -1;
      if (items && index >= 0) return { page, index, item: items[index]! };
    }
    return undefined;
  }

  /** The query of a page. */
  pageQuery(page: number) {
    return {
      queryKey: this.#queryKey(page),
      queryFn: ({ signal }: { signal: AbortSignal }) => this.#answers.page(() => this.#read(page, signal)),
      staleTime: Number.POSITIVE_INFINITY,
    };
  }

  async #read(page: number, signal: AbortSignal): Promise<Conversation[]> {
    // The page before it tells where it begins.
    if (page > 0 && this.#cursors[page] === undefined) await queries.fetchQuery(this.pageQuery(page - 1));
    const cursor = this.#cursors[page];
    if (page > 0 && cursor === undefined) return [];
    const request = { size: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor } = await this.#readPage(this.query, request, signal);
    // A conversation that has moved up meanwhile is on an earlier page already.
    const known = new Set(
      Array.from({ length: page }, (_, earlier) => this.#items(earlier) ?? [])
        .flat()
        .map(({ thread_id }) => thread_id),
    );
    const fresh = items.filter(({ thread_id }) => !known.has(thread_id));
    const next = next_cursor ?? undefined;
    // The list has changed around this page, so what was known of the pages after it is no longer true.
    if (page < this.#counts.length && this.#cursors[page + 1] !== next) {
      this.#counts.length = page + 1;
      this.#cursors.length = page + 1;
      void queries.resetQueries({ predicate: ({ queryKey }) => this.#isAfter(queryKey, page) });
    }
    queries.removeQueries({
      predicate: (query) =>
        this.#isAfter(query.queryKey, -1) &&
        Math.abs(Number(query.queryKey[2]) - page) > KEPT_PAGES &&
        query.getObserversCount() === 0,
    });
    this.#counts[page] = fresh.length;
    if (next !== undefined) this.#cursors[page + 1] = next;
    this.#isComplete = this.#cursors.length === this.#counts.length;
    queueMicrotask(() => this.#tell());
    return fresh;
  }

  #isAfter = ([name, key, page]: readonly unknown[], first: number): boolean =>
    name === "conversations" && key === this.key && Number(page) > first;

  #setItems(page: number, items: Conversation[]): void {
    queries.setQueryData(this.#queryKey(page), items);
    this.#counts[page] = items.length;
  }

  /** Changes conversations in place. @param update returns null to remove one. @returns those that were removed */
  change(threadIds: string[], update: (conversation: Conversation) => Conversation | null): Removed[] {
    const removed: Removed[] = [];
    for (const threadId of threadIds) {
      const place = this.#find(threadId);
      if (!place) continue;
      const items = [...(this.#items(place.page) ?? [])];
      const updated = update(place.item);
      if (updated) items[place.index] = updated;
      else {
        removed.push(place);
        items.splice(place.index, 1);
      }
      this.#setItems(place.page, items);
    }
    this.#tell();
    return removed;
  }

  /** Puts removed conversations back where they were. */
  restore(removed: Removed[]): void {
    for (const { page, index, item } of removed.toReversed()) {
      const items = this.#items(page);
      if (!items || this.#find(item.thread_id)) continue;
      this.#setItems(page, items.toSpliced(index, 0, item));
    }
    this.#tell();
  }

  /**
   * Reads conversations again after events, and moves them to their new places. While the list is held, those that
   * would move wait; the others change where they are.
   */
  async refresh(threadIds: string[]): Promise<void> {
    this.#answers.noteChange(threadIds);
    if (!this.isRead) return;
    const isLatest = this.#answers.begin(threadIds);
    const read = async (thread_id: string) => {
      const { items } = await this.#readPage(this.query, { thread_id });
      return [thread_id, items[0] ?? null] as const;
    };
    for (const [threadId, item] of await Promise.all(threadIds.map(read)))
      if (isLatest(threadId)) this.#take(threadId, item);
    this.#tell();
  }

  /** Names the conversation that is open. It stays in a list of unread ones although it has been read. */
  setOpen(threadId: string | undefined): void {
    const before = this.#open;
    this.#open = threadId;
    if (this.query.unread && before !== undefined && before !== threadId) void this.refresh([before]);
  }

  #take(threadId: string, found: Conversation | null): void {
    const known = this.#find(threadId);
    const isKept = this.query.unread && threadId === this.#open;
    const item = found ?? (isKept && known ? { ...known.item, unread_count: 0 } : null);
    const stays = known && item && known.item.last_message_at === item.last_message_at;
    if (stays) {
      this.#held.delete(threadId);
      this.change([threadId], () => item);
    } else if (known || item) {
      if (this.#isHolding) this.#held.set(threadId, item);
      else this.#move(threadId, item);
    }
  }

  #move(threadId: string, item: Conversation | null): void {
    this.change([threadId], () => null);
    if (!item) return;
    // If it belongs to a page that is not kept, it is read with that page.
    let isAfterKept = true;
    for (const page of this.#counts.keys()) {
      const items = this.#items(page);
      const index = items?.findIndex((other) => isBefore(item, other)) ?? -1;
      if (items && index >= 0) {
        if (index > 0 || isAfterKept) this.#setItems(page, items.toSpliced(index, 0, item));
        return;
      }
      isAfterKept = items !== undefined;
    }
    const last = this.#counts.length - 1;
    const items = this.#items(last);
    if (this.#isComplete && items) this.#setItems(last, [...items, item]);
  }

  /** How many conversations wait for the list to be released. */
  get heldCount(): number {
    return [...this.#held.values()].filter((item) => item !== null).length;
  }

  /** Keeps the list from moving, or lets what waited move. */
  hold(isHolding: boolean): void {
    this.#isHolding = isHolding;
    if (!isHolding) this.release();
  }

  /** Shows what waited. */
  release(): void {
    if (this.#held.size === 0) return;
    const held = [...this.#held];
    this.#held.clear();
    for (const [threadId, item] of held) this.#move(threadId, item);
    this.#tell();
  }

  /** Reads the list from its beginning again. */
  async reset(): Promise<void> {
    this.#held.clear();
    this.#cursors.length = 1;
    this.#counts.length = Math.min(this.#counts.length, 1);
    queries.removeQueries({
      predicate: ({ queryKey: [name, key, page] }) =>
        name === "conversations" && key === this.key && page !== 0,
    });
    await queries.refetchQueries({ queryKey: this.#queryKey(0) });
  }
}
