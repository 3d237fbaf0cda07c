import type { MailboxContext } from "../../../src/mailbox/context.ts";
import type { ListQuery } from "../../../src/mailbox/contract.ts";
import type { MailboxEnv } from "../../../src/mailbox/env.ts";
import { Mailbox as Plain } from "../../../src/mailbox/mailbox.ts";
import { listMessages } from "../../../src/mailbox/reading/list.ts";
import { runPass } from "../../../src/mailbox/sync/pass.ts";
import type { PassEnd, Rows } from "../rows.ts";

/** The mailbox, with calls that run a piece of its work and count its rows. */
export class Mailbox extends Plain {
  #rows: Rows = { read: 0, written: 0 };
  /** One for all calls: positions in lists are remembered by it. */
  readonly #counted = counted(
    {
      storage: this.ctx.storage,
      sql: this.ctx.storage.sql,
      env: this.env as MailboxEnv,
      wake: async () => {},
      waitUntil: (promise) => this.ctx.waitUntil(promise),
    },
    this.#rows,
  );

  /** The mailbox does nothing by itself: each pass is asked for. */
  override async alarm(): Promise<void> {}

  /** Runs one wake-up of a sync. */
  async pass(): Promise<Rows & PassEnd> {
    this.#reset();
    await runPass(this.#counted);
    const { sql } = this.ctx.storage;
    const { error } = sql.exec<{ error: string | null }>("SELECT last_error AS error FROM account").one();
    const { messages } = sql.exec<{ messages: number }>("SELECT count(*) AS messages FROM messages").one();
    const { left } = sql
      .exec<{ left: number }>("SELECT count(*) AS left FROM folders WHERE coalesce(synced_low, 2) > 1")
      .one();
    return { ...this.#rows, messages, isComplete: left === 0, error };
  }

  /** How many messages are known: to be asked while a pass runs. */
  async known(): Promise<{ messages: number }> {
    const { messages } = this.ctx.storage.sql
      .exec<{ messages: number }>("SELECT count(*) AS messages FROM messages")
      .one();
    return { messages };
  }

  async page(query: ListQuery): Promise<Rows & { messages: number }> {
    this.#reset();
    const { messages } = listMessages(this.#counted, query);
    return { ...this.#rows, messages: messages.length };
  }

  async folder(path: string): Promise<{ id: string }> {
    const { id } = this.ctx.storage.sql
      .exec<{ id: string }>("SELECT id FROM folders WHERE path = ?", path)
      .one();
    return { id };
  }

  /** Adds copies of a folder's messages, up to a number. @returns how many it has then */
  async grow(folderId: string, most: number): Promise<{ total: number }> {
    const { sql } = this.ctx.storage;
    const { uid } = sql
      .exec<{ uid: number }>("SELECT max(uid) AS uid FROM places WHERE folder_id = ?", folderId)
      .one();
    sql.exec(
      `INSERT INTO messages (id, key, conversation_id, received_at, from_address, subject, created_at, updated_at)
       SELECT m.id || '-' || ?1, m.key || '-' || ?1, m.conversation_id, m.received_at + ?1, m.from_address, m.subject, ?1, 0
       FROM places p JOIN messages m ON p.message_id = m.id WHERE p.folder_id = ?2 LIMIT ?3`,
      ...[uid, folderId, most],
    );
    sql.exec(
      `INSERT INTO places (folder_id, uid, message_id, received_at, sender, is_read)
       SELECT ?1, ?2 + row_number() OVER (), id, received_at, lower(from_address), 1
       FROM messages WHERE created_at = ?2`,
      ...[folderId, uid],
    );
    sql.exec("UPDATE places SET is_read = 1 WHERE folder_id = ? AND is_read = 0", folderId);
    const { total } = sql
      .exec<{ total: number }>("SELECT count(*) AS total FROM places WHERE folder_id = ?", folderId)
      .one();
    sql.exec("UPDATE folders SET total = ?, unread = 0, version = version + 1 WHERE id = ?", total, folderId);
    return { total };
  }

  #reset(): void {
    this.#rows.read = 0;
    this.#rows.written = 0;
  }
}

/** The context, with a count of the rows that its statements read and write. */
function counted(ctx: MailboxContext, rows: Rows): MailboxContext {
  const { sql } = ctx;
  const exec = (query: string, ...params: unknown[]) => {
    const cursor = sql.exec(query, ...params);
    // What a cursor has not been asked for yet is not counted: all statements here are read to their end.
    const all = cursor.toArray();
    rows.read += cursor.rowsRead;
    rows.written += cursor.rowsWritten;
    return {
      toArray: () => all,
      one: () => all[0],
      [Symbol.iterator]: () => all[Symbol.iterator](),
      ...cursorOf(cursor),
    };
  };
  return { ...ctx, sql: { exec } as unknown as SqlStorage };
}

const cursorOf = ({
  rowsRead,
  rowsWritten,
  columnNames,
}: SqlStorageCursor<Record<string, SqlStorageValue>>) => ({
  rowsRead,
  rowsWritten,
  columnNames,
});

export default { fetch: () => new Response(null, { status: 404 }) } satisfies ExportedHandler;
