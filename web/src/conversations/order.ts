import type { Schemas } from "../../../client/index.ts";

/** The order of the list: newest first, ties by id descending. */
export const isBefore = (a: Schemas["Conversation"], b: Schemas["Conversation"]): boolean =>
  a.last_message_at === b.last_message_at
    ? a.message.id > b.message.id
    : a.last_message_at > b.last_message_at;

/** Knows which answers of the API are old: one that was asked for later may come first. */
export class Answers {
  readonly #readAgain: (threadIds: string[]) => Promise<void>;
  #refreshes = 0;
  /** By thread, the last refresh that is on its way. */
  #latest = new Map<string, number>();
  #pages = 0;
  /** What has changed while pages were on their way: they may be older. */
  #changed = new Set<string>();

  /** @param readAgain reads conversations that have changed while pages were on their way */
  constructor(readAgain: (threadIds: string[]) => Promise<void>) {
    this.#readAgain = readAgain;
  }

  /** Notes that conversations have changed. A page that is on its way may be older. */
  noteChange(threadIds: string[]): void {
    if (this.#pages > 0) for (const threadId of threadIds) this.#changed.add(threadId);
  }

  /** Begins to read conversations. @returns what tells, once for each, whether nobody has asked for it again */
  begin(threadIds: string[]): (threadId: string) => boolean {
    const nth = ++this.#refreshes;
    for (const threadId of threadIds) this.#latest.set(threadId, nth);
    return (threadId) => this.#latest.get(threadId) === nth && this.#latest.delete(threadId);
  }

  /** Reads a page. Once it has its place, what has changed meanwhile is read again. */
  async page<Page>(read: () => Promise<Page>): Promise<Page> {
    this.#pages++;
    try {
      return await read();
    } finally {
      if (--this.#pages === 0 && this.#changed.size > 0) {
        const changed = [...this.#changed];
        this.#changed.clear();
        // A failure is as after an event: the next event of the conversation reads it again.
        setTimeout(() => this.#readAgain(changed).catch(() => {}));
      }
    }
  }
}
