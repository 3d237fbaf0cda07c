import type { CountsResponse } from "../../src/ems/events/responses.ts";
import type { UnreadCountsResponse } from "../../src/ems/inbox/responses.ts";
import type { InboxItemResponse, ThreadSummary } from "../../src/ems/items/responses.ts";
import type { Client } from "./client.ts";
import type { StreamEvent } from "./stream.ts";

const HIDDEN = ["junk", "trash", "drafts"];

/** The beginning of a list, newest first. It has more items than a page: they fill up when one leaves it. */
class Beginning<Item> {
  items: Item[] = [];
  #oldest = "";
  readonly #keyOf: (item: Item) => string;

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf;
  }

  set({ items, next_cursor }: { items: Item[]; next_cursor: string | null }): void {
    this.items = items;
    this.#oldest = next_cursor === null ? "" : this.#keyOf(items.at(-1)!);
  }

  /** Replaces an item, or removes it unless it is shown. */
  put(item: Item, isSame: (other: Item) => boolean, isShown: boolean): void {
    this.items = this.items.filter((other) => !isSame(other));
    if (isShown && this.#keyOf(item) >= this.#oldest) this.items.push(item);
    this.items.sort((a, b) => (this.#keyOf(a) < this.#keyOf(b) ? 1 : -1));
  }
}

/** Lists and their totals, as docs/live-feed.md says: read once, then updated from events. */
export class LiveInbox {
  readonly inbox = new Beginning<InboxItemResponse>(({ message }) => `${message.sent_at} ${message.id}`);
  readonly threads = new Beginning<ThreadSummary>(({ last_message_at, id }) => `${last_message_at} ${id}`);
  counts = new Map<string, UnreadCountsResponse[number]>();
  /** An event could not tell what has changed. */
  isStale = false;

  async load({ call }: Client): Promise<void> {
    this.isStale = false;
    const { body } = await call<UnreadCountsResponse>("GET", "/inbox/unread-counts");
    this.counts = new Map(body.map((each) => [each.account_id, each]));
    this.inbox.set((await call("GET", "/inbox?size=50")).body);
    this.threads.set((await call("GET", "/threads?size=50")).body);
  }

  total(name: "inbox_count" | "thread_count"): number {
    return [...this.counts.values()].reduce((sum, counts) => sum + counts[name], 0);
  }

  apply({ event, data }: StreamEvent): void {
    const { items, thread, counts } = data;
    if (/deleted|resync|account/.test(event) || [items, thread, counts].includes(null)) this.isStale = true;
    for (const item of items ?? []) this.#putItem(item);
    if (thread) this.#putThread(thread);
    if (counts) this.#count(counts);
    const isShort = (shown: unknown[], total: number) => shown.length < Math.min(25, total);
    if (isShort(this.inbox.items, this.total("inbox_count"))) this.isStale = true;
    if (isShort(this.threads.items, this.total("thread_count"))) this.isStale = true;
  }

  #putItem(item: InboxItemResponse): void {
    const isShown = !item.is_archived && !HIDDEN.includes(item.message.folder);
    this.inbox.put(item, ({ message }) => message.id === item.message.id, isShown);
  }

  #putThread(thread: ThreadSummary): void {
    this.threads.put(thread, ({ id }) => id === thread.id, thread.message_count > 0);
    for (const item of this.inbox.items) {
      if (item.message.thread_id !== thread.id) continue;
      item.thread_subject = thread.subject;
      item.thread_message_count = thread.message_count;
    }
  }

  #count({ unread_count, inbox_count, ...now }: CountsResponse): void {
    const before = this.counts.get(now.account_id);
    if (!before) {
      this.isStale = true;
      return;
    }
    const more = now.message_count - before.message_count;
    this.counts.set(now.account_id, {
      ...before,
      ...now,
      unread_count: unread_count ?? before.unread_count + more,
      inbox_count: inbox_count ?? before.inbox_count + more,
    });
  }
}
