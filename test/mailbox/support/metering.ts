import type { MailboxContext } from "../../../src/mailbox/context.ts";

/**
 * Runs work with a context that counts the rows it writes, indexes included: what Cloudflare bills. Those of the
 * key-value part of the storage count one each.
 */
export async function rowsWrittenBy(
  ctx: MailboxContext,
  work: (ctx: MailboxContext) => unknown,
): Promise<number> {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let values = 0;
  const exec = (query: string, ...params: unknown[]) => {
    const cursor = ctx.sql.exec(query, ...params);
    cursors.push(cursor);
    return cursor;
  };
  const { kv } = ctx.storage;
  const storage = new Proxy(ctx.storage, {
    get: (target, name) => {
      if (name === "kv")
        return {
          get: (key: string) => kv.get(key),
          put: (key: string, value: unknown) => {
            values++;
            kv.put(key, value);
          },
          delete: (key: string) => {
            values++;
            return kv.delete(key);
          },
        };
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await work({ ...ctx, storage, sql: { exec } as unknown as SqlStorage });
  return values + cursors.reduce((rows, { rowsWritten }) => rows + rowsWritten, 0);
}
