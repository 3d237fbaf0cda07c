import type { MailboxEnv } from "./env.ts";

/** What the code of a mailbox works with. */
export interface MailboxContext {
  storage: DurableObjectStorage;
  sql: SqlStorage;
  env: MailboxEnv;
  /** Sets the alarm for what is due first: to be called after work was added, or has become due earlier. */
  wake(): Promise<void>;
  /** Keeps the object awake until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}

/** The rows of a query, with the types that the caller knows they have. */
export const rowsOf = <Row extends Record<string, SqlStorageValue>>(
  { sql }: Pick<MailboxContext, "sql">,
  query: string,
  ...params: SqlStorageValue[]
): Row[] => sql.exec<Row>(query, ...params).toArray();

/** The first row of a query. */
export const rowOf = <Row extends Record<string, SqlStorageValue>>(
  ctx: Pick<MailboxContext, "sql">,
  query: string,
  ...params: SqlStorageValue[]
): Row | undefined => rowsOf<Row>(ctx, query, ...params)[0];
