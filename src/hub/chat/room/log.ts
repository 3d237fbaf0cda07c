import type { LastMessage, MessagePage, PageQuery, StoredMessage } from "../contract.ts";
import { messageId } from "../message-ids.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY, number INTEGER NOT NULL, sender INTEGER NOT NULL, text TEXT NOT NULL, reply_to TEXT,
    files TEXT, at INTEGER NOT NULL, edited_at INTEGER, edit_seq INTEGER
  );
  CREATE INDEX IF NOT EXISTS messages_edited ON messages (edit_seq) WHERE edit_seq IS NOT NULL;
  CREATE TABLE IF NOT EXISTS deletions (
    seq INTEGER PRIMARY KEY, message_seq INTEGER NOT NULL, message_id TEXT NOT NULL, number INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS sends (
    sender INTEGER NOT NULL, client_id TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (sender, client_id)
  ) WITHOUT ROWID`;

type Row = {
  seq: number;
  number: number;
  sender: number;
  text: string;
  reply_to: string | null;
  files: string | null;
  at: number;
  edited_at: number | null;
  edit_seq: number | null;
};

/** What is written when messages go, since their rows no longer tell it. */
interface Gone {
  /** The number of the last message ever sent, as far as its row is gone. */
  number: number;
  /** How many were deleted one by one since the last clearing. */
  deleted: number;
  /** Position and number of the last clearing: all before it is gone. */
  clearSeq: number;
  clearNumber: number;
}

const NOTHING: Gone = { number: 0, deleted: 0, clearSeq: 0, clearNumber: 0 };

/** A new message. */
export interface Draft {
  sender: number;
  text: string;
  replyTo: string | null;
  files: number[];
  clientId: string | undefined;
}

/** Something that happened to a message. */
export type Entry =
  | { seq: number; kind: "sent" | "edited"; message: StoredMessage }
  | { seq: number; kind: "deleted"; id: string };

/** What became of a send: a message, or the id of a deleted one. */
export type Send = StoredMessage | { deletedId: string };

/** How long a `client_id` sent again gives the same message, in milliseconds. */
const REPEAT_MS = 24 * 3600_000;
/** Rows that one step removes. */
const STEP = 5_000;
const PREVIEW = 200;

/**
 * The messages of a room. One counter gives positions to messages, edits, deletions and clearings, so that a position
 * says what somebody has seen. Every method runs in one turn: nothing happens between what it reads and what it writes.
 */
export class MessageLog {
  readonly #storage: DurableObjectStorage;
  #roomKey = 0;
  #seq = 0;
  #number = 0;
  #gone: Gone = NOTHING;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.open();
  }

  /** Makes the tables if they are missing, and reads where the room is. */
  open(): void {
    const { sql, kv } = this.#storage;
    sql.exec(TABLES);
    this.#roomKey = kv.get<number>("key") ?? 0;
    this.#gone = kv.get<Gone>("gone") ?? NOTHING;
    const { seq, number } = sql
      .exec<{ seq: number | null; number: number | null }>(`
        SELECT max(coalesce((SELECT max(seq) FROM messages), 0), coalesce((SELECT max(seq) FROM deletions), 0),
          coalesce((SELECT max(edit_seq) FROM messages WHERE edit_seq IS NOT NULL), 0)) AS seq,
          (SELECT number FROM messages ORDER BY seq DESC LIMIT 1) AS number`)
      .one();
    this.#seq = Math.max(seq ?? 0, this.#gone.clearSeq);
    this.#number = Math.max(number ?? 0, this.#gone.number, this.#gone.clearNumber);
  }

  /** Sets the key of the room, which the ids of its messages have. */
  setKey(key: number): void {
    if (this.#roomKey === key) return;
    this.#storage.kv.put("key", key);
    this.#roomKey = key;
  }

  get roomKey(): number {
    return this.#roomKey;
  }

  /** The position of the last message or change. */
  get seq(): number {
    return this.#seq;
  }

  /** The number of the last message. */
  get number(): number {
    return this.#number;
  }

  /** The number of the last message that was cleared. */
  get clearedNumber(): number {
    return this.#gone.clearNumber;
  }

  /** The position of the last clearing; 0 without one. */
  get clearSeq(): number {
    return this.#gone.clearSeq;
  }

  /** Stores a message. */
  add({ sender, text, replyTo, files, clientId }: Draft): StoredMessage {
    const { sql } = this.#storage;
    const at = Date.now();
    const seq = ++this.#seq;
    const number = ++this.#number;
    sql.exec(
      "INSERT INTO messages (seq, number, sender, text, reply_to, files, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[seq, number, sender, text, replyTo, files.length ? JSON.stringify(files) : null, at],
    );
    if (clientId !== undefined)
      sql.exec("INSERT OR REPLACE INTO sends VALUES (?, ?, ?, ?)", sender, clientId, seq, at);
    const id = this.#idOf(seq, at);
    return { id, seq, number, sender, text, replyTo, files, at, editedAt: null, editSeq: null };
  }

  /** What was sent with this `client_id` in the last 24 hours. */
  findSend(sender: number, clientId: string): Send | undefined {
    const [send] = this.#storage.sql
      .exec<{ seq: number; at: number }>(
        "SELECT seq, at FROM sends WHERE sender = ? AND client_id = ? AND at > ?",
        ...[sender, clientId, Date.now() - REPEAT_MS],
      )
      .toArray();
    if (!send) return undefined;
    return this.find(send.seq, send.at) ?? { deletedId: this.#idOf(send.seq, send.at) };
  }

  /** @param at when it was sent */
  find(seq: number, at: number): StoredMessage | undefined {
    const [row] = this.#rows("WHERE seq = ? AND at = ? AND seq > ?", seq, at, this.clearSeq);
    return row;
  }

  /** Replaces a message's text. @returns it as it is now */
  edit(message: StoredMessage, text: string): StoredMessage {
    const editSeq = ++this.#seq;
    const editedAt = Date.now();
    this.#storage.sql.exec(
      "UPDATE messages SET text = ?, edited_at = ?, edit_seq = ? WHERE seq = ?",
      ...[text, editedAt, editSeq, message.seq],
    );
    return { ...message, text, editedAt, editSeq };
  }

  /** Deletes a message. @returns the position of the deletion */
  remove({ seq, id, number }: StoredMessage): number {
    const { sql, kv } = this.#storage;
    const deletionSeq = ++this.#seq;
    sql.exec("DELETE FROM messages WHERE seq = ?", seq);
    sql.exec("INSERT INTO deletions VALUES (?, ?, ?, ?)", deletionSeq, seq, id, number);
    this.#gone = { ...this.#gone, number: this.#number, deleted: this.#gone.deleted + 1 };
    kv.put("gone", this.#gone);
    return deletionSeq;
  }

  /** Deletes all messages: their rows go by `trim`. @returns the position of the clearing */
  clear(): number {
    const clearSeq = ++this.#seq;
    this.#gone = { number: this.#number, deleted: 0, clearSeq, clearNumber: this.#number };
    this.#storage.kv.put("gone", this.#gone);
    return clearSeq;
  }

  /** Removes rows that are not needed any more. @returns true if there may be more */
  trim(): boolean {
    const { sql } = this.#storage;
    const cleared = ["messages", "deletions"].map(
      (table) =>
        sql.exec(
          `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE seq <= ? ORDER BY seq LIMIT ${STEP})`,
          this.clearSeq,
        ).rowsWritten,
    );
    return cleared.some((rows) => rows >= STEP);
  }

  /** Forgets `client_id`s that are too old to be sent again. It reads all that are stored. */
  forgetSends(): void {
    this.#storage.sql.exec("DELETE FROM sends WHERE at <= ?", Date.now() - REPEAT_MS);
  }

  /** A part of the messages, the newest first. */
  page({ limit, offset, before }: PageQuery): MessagePage {
    const messages = this.#rows(
      "WHERE seq > ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?",
      ...[this.clearSeq, before ?? Number.MAX_SAFE_INTEGER, limit, offset],
    );
    return { seq: this.#seq, count: this.#number - this.#gone.clearNumber - this.#gone.deleted, messages };
  }

  /** The newest message; null without one. */
  last(): LastMessage | null {
    const [message] = this.page({ limit: 1, offset: 0, before: null }).messages;
    if (!message) return null;
    const { id, sender, text, at } = message;
    return { id, sender, text: text.slice(0, PREVIEW).toWellFormed(), at };
  }

  /**
   * What happened after a position, in order. A message that was edited later comes once, as it is now.
   * @param most entries
   */
  entriesAfter(since: number, most: number): Entry[] {
    const from = Math.max(since, this.clearSeq);
    const sent = this.#rows("WHERE seq > ? ORDER BY seq LIMIT ?", from, most);
    const edited = this.#rows(
      "WHERE edit_seq > ? AND seq <= ? AND seq > ? ORDER BY edit_seq LIMIT ?",
      ...[from, since, this.clearSeq, most],
    );
    const deleted = this.#storage.sql
      .exec<{ seq: number; id: string }>(
        `SELECT seq, message_id AS id FROM deletions WHERE seq > ? AND message_seq <= ? AND message_seq > ?
         ORDER BY seq LIMIT ?`,
        ...[from, since, this.clearSeq, most],
      )
      .toArray();
    const entries: Entry[] = [
      ...sent.map((message) => ({ seq: message.seq, kind: "sent" as const, message })),
      ...edited.map((message) => ({ seq: message.editSeq ?? 0, kind: "edited" as const, message })),
      ...deleted.map(({ seq, id }) => ({ seq, kind: "deleted" as const, id })),
    ];
    return entries.sort((a, b) => a.seq - b.seq).slice(0, most);
  }

  /** The number of the newest message up to a position; 0 without one. */
  numberAt(seq: number): number {
    const [row] = this.#storage.sql
      .exec<{ number: number }>("SELECT number FROM messages WHERE seq <= ? ORDER BY seq DESC LIMIT 1", seq)
      .toArray();
    return row?.number ?? 0;
  }

  /** The numbers of messages that were deleted after a position. */
  deletedAfter(seq: number): number[] {
    return this.#storage.sql
      .exec<{ number: number }>("SELECT number FROM deletions WHERE seq > ?", seq)
      .toArray()
      .map(({ number }) => number);
  }

  #idOf(seq: number, at: number): string {
    return messageId({ at, seq, roomKey: this.#roomKey });
  }

  #rows(rest: string, ...params: (number | string)[]): StoredMessage[] {
    return this.#storage.sql
      .exec<Row>(`SELECT * FROM messages ${rest}`, ...params)
      .toArray()
      .map((row) => ({
        ...{ id: this.#idOf(row.seq, row.at), seq: row.seq, number: row.number, sender: row.sender },
        ...{
          text: row.text,
          replyTo: row.reply_to,
          at: row.at,
          editedAt: row.edited_at,
          editSeq: row.edit_seq,
        },
        files: row.files === null ? [] : JSON.parse(row.files),
      }));
  }
}
