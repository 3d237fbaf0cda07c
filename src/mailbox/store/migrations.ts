import m0000 from "../../../migrations/mailbox/0000_tables.sql";
import m0001 from "../../../migrations/mailbox/0001_sign_ins.sql";

const migrations = [m0000, m0001];

/** Applies the migrations that a mailbox has not applied yet. */
export function migrate(storage: DurableObjectStorage): void {
  const applied = storage.kv.get<number>("migrations") ?? 0;
  if (applied === migrations.length) return;
  storage.transactionSync(() => {
    for (const sql of migrations.slice(applied)) storage.sql.exec(sql);
    storage.kv.put("migrations", migrations.length);
  });
}
