/**
 * Applies to the storage of a Durable Object the migrations that it has not applied yet.
 * @param migrations in their order, as SQL. Those that have landed never change
 */
export function migrate(storage: DurableObjectStorage, migrations: string[]): void {
  const applied = storage.kv.get<number>("migrations") ?? 0;
  if (applied === migrations.length) return;
  storage.transactionSync(() => {
    for (const sql of migrations.slice(applied)) storage.sql.exec(sql);
    storage.kv.put("migrations", migrations.length);
  });
}
