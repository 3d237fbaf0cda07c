import { expect } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { type Position, parsePosition } from "../../src/ems/events/position.ts";
import type { InboxItemResponse, ThreadSummary } from "../../src/ems/items/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { openStream, type Stream, type StreamEvent } from "../support/stream.ts";

/** Events of a stream between two reads of the lists. */
interface Segment {
  companies: number[];
  start: Position;
  /** Event ids in order of arrival, by company. */
  told: Map<number, number[]>;
}

/** A user's state of a message in their inbox; absent when archived. */
type Entry = Pick<InboxItemResponse, "is_read" | "is_starred" | "read_at">;

/**
 * A user's screen. It reads the lists once, then only what events name. It reconnects when its stream ends, and
 * reloads the lists only when told to.
 */
export class Viewer {
  readonly user_id = unique();
  readonly #segments: Segment[] = [];
  readonly #messages = new Map<string, Pick<MessageResponse, "thread_id" | "email_account_id">>();
  readonly #threads = new Map<string, Omit<ThreadSummary, "id" | "created_at" | "version">>();
  readonly #entries = new Map<string, Entry>();
  #client!: Client;
  #at = "";
  #stream: Stream | null = null;
  #isWatching = true;
  #watching: Promise<void> = Promise.resolve();

  static async open(companies: number[]): Promise<Viewer> {
    const viewer = new Viewer();
    await viewer.#signIn(companies);
    await viewer.#readLists();
    viewer.#watching = viewer.#watch();
    return viewer;
  }

  get client(): Client {
    return this.#client;
  }

  /** Drops its connection. */
  cut(): void {
    void this.#stream?.close();
  }

  /** Gets a token for other companies and reconnects. It only hides what it may no longer see. */
  async changeCompanies(companies: number[]): Promise<void> {
    await this.close();
    await this.#signIn(companies);
    this.#beginSegment(this.#at);
    this.#isWatching = true;
    this.#watching = this.#watch();
  }

  async close(): Promise<void> {
    this.#isWatching = false;
    this.cut();
    await this.#watching;
  }

  /** Waits for all pending events, then compares the screen with a fresh one. */
  async expectTruth(): Promise<void> {
    await expect.poll(() => this.#untold()).toEqual([]);
    await this.close();
    for (const segment of this.#segments) await this.#expectWhole(segment);
    const shown = await this.#visible();
    await this.#readLists();
    expect(shown).toEqual(await this.#visible());
  }

  /** The screen, without companies outside its token. */
  async #visible(): Promise<object> {
    const { body } = await this.#client.call("GET", "/accounts");
    const accounts = new Set(body.map(({ id }: AccountResponse) => id));
    const ofThem = <T extends { email_account_id: string }>(all: Map<string, T>) =>
      new Map([...all].filter(([, { email_account_id }]) => accounts.has(email_account_id)));
    const messages = ofThem(this.#messages);
    const entries = new Map([...this.#entries].filter(([id]) => messages.has(id)));
    return { messages, threads: ofThem(this.#threads), entries };
  }

  async #signIn(companies: number[]): Promise<void> {
    this.#client = await createClient({ user_id: this.user_id, companies });
  }

  async #watch(): Promise<void> {
    while (this.#isWatching) {
      this.#stream = await openStream(this.#client.token, { "last-event-id": this.#at });
      if (!this.#isWatching) void this.#stream.close();
      for (let event = await this.#stream.next(); event; event = await this.#stream.next()) {
        await this.#handle(event);
      }
    }
  }

  async #handle({ id, event, data }: StreamEvent): Promise<void> {
    if (id === undefined) return;
    this.#at = id;
    if (event === "connected") return;
    if (event === "resync") {
      await this.#readLists();
      this.#beginSegment(id);
      this.#at = id;
      return;
    }
    const told = this.#segments.at(-1)!.told;
    const place = parsePosition(id)!.get(data.company_id)!;
    told.set(data.company_id, [...(told.get(data.company_id) ?? []), place]);
    if (event.startsWith("message.")) await this.#readMessage(data.message_id);
    if (event.startsWith("thread.")) await this.#readThread(data.thread_id);
    if (event === "inbox.updated" || event === "message.created") await this.#readEntries(data);
  }

  async #readLists(): Promise<void> {
    const { headers, body } = await this.#client.call("GET", "/messages?size=100");
    expect(body.total).toBeLessThanOrEqual(100);
    this.#messages.clear();
    for (const message of body.items) this.#setMessage(message);
    this.#threads.clear();
    for (const thread of (await this.#client.call("GET", "/threads?size=100")).body.items)
      this.#setThread(thread);
    this.#entries.clear();
    for (const item of await this.#inbox()) this.#setEntry(item);
    this.#at = headers.get("last-event-id") ?? "";
    this.#beginSegment(this.#at);
  }

  #beginSegment(at: string): void {
    this.#segments.push({
      companies: this.#client.claims.companies,
      start: parsePosition(at)!,
      told: new Map(),
    });
  }

  async #readMessage(id: string): Promise<void> {
    const { status, body } = await this.#client.call<MessageResponse>("GET", `/messages/${id}`);
    if (status === 200) return this.#setMessage(body);
    this.#messages.delete(id);
    this.#entries.delete(id);
  }

  async #readThread(threadId: string): Promise<void> {
    const { status, body } = await this.#client.call("GET", `/threads/${threadId}`);
    for (const [id, { thread_id }] of this.#messages) if (thread_id === threadId) this.#messages.delete(id);
    for (const message of body.messages ?? []) this.#setMessage(message);
    if (status === 200) this.#setThread(body);
    else this.#threads.delete(threadId);
  }

  /** Reads from the inbox only what an event named: the message, or its whole thread. */
  async #readEntries({ message_id, thread_id }: StreamEvent["data"]): Promise<void> {
    const isNamed = (id: string) =>
      message_id ? id === message_id : this.#messages.get(id)?.thread_id === thread_id;
    for (const id of this.#entries.keys()) if (isNamed(id)) this.#entries.delete(id);
    for (const item of await this.#inbox()) if (isNamed(item.message.id)) this.#setEntry(item);
  }

  async #inbox(): Promise<InboxItemResponse[]> {
    return (await this.#client.call("GET", "/inbox?size=100")).body.items;
  }

  #setEntry({ message, is_read, is_starred, read_at }: InboxItemResponse): void {
    this.#entries.set(message.id, { is_read, is_starred, read_at });
  }

  #setThread({
    id,
    email_account_id,
    subject,
    message_count,
    last_message_at,
    do_not_delete,
  }: ThreadSummary): void {
    this.#threads.set(id, { email_account_id, subject, message_count, last_message_at, do_not_delete });
  }

  #setMessage({ id, thread_id, email_account_id }: MessageResponse): void {
    this.#messages.set(id, { thread_id, email_account_id });
  }

  /** Log entries that it should have received, but did not. */
  async #untold(): Promise<number[]> {
    const { companies, start, told } = this.#segments.at(-1)!;
    const ids = companies.map((id) =>
      this.#logged(id, Math.max(start.get(id) ?? 0, ...(told.get(id) ?? []))),
    );
    return (await Promise.all(ids)).flat();
  }

  /** The events are exactly the log's entries from the first to the last, in order. */
  async #expectWhole({ start, told }: Segment): Promise<void> {
    for (const [company, ids] of told) {
      const visible = await this.#logged(company, start.get(company) ?? 0);
      expect(ids).toEqual(visible.slice(0, ids.length));
    }
  }

  async #logged(company: number, after: number): Promise<number[]> {
    const { results } = await db
      .prepare(
        "SELECT id FROM ems_events WHERE company_id = ? AND id > ? AND (user_id IS NULL OR user_id = ?) ORDER BY id",
      )
      .bind(company, after, this.user_id)
      .all<{ id: number }>();
    return results.map(({ id }) => id);
  }
}
