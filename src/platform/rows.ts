type Row = Record<string, SqlStorageValue>;

/** The rows of a query of a Durable Object, with the types that the caller knows they have. */
export const rowsOf = <R extends Row>(
  { sql }: { sql: SqlStorage },
  query: string,
  ...params: SqlStorageValue[]
): R[] => sql.exec<R>(query, ...params).toArray();

/** The first row of a query; undefined without one. */
export const rowOf = <R extends Row>(
  ctx: { sql: SqlStorage },
  query: string,
  ...params: SqlStorageValue[]
): R | undefined => rowsOf<R>(ctx, query, ...params)[0];
