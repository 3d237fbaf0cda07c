import m0000 from "../../../migrations/telegram-mailing/0000_tables.sql";
import m0001 from "../../../migrations/telegram-mailing/0001_skips.sql";
import { migrate } from "../../platform/migrate.ts";

/** Makes the tables of a user's object, and its mailing, where they are absent. */
export function prepare(storage: DurableObjectStorage): void {
  migrate(storage, [m0000, m0001]);
  storage.sql.exec("INSERT INTO mailing (id, seed) VALUES (1, randomblob(32)) ON CONFLICT DO NOTHING");
}
