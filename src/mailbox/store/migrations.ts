import m0000 from "../../../migrations/mailbox/0000_tables.sql";
import m0001 from "../../../migrations/mailbox/0001_sign_ins.sql";
import * as platform from "../../platform/migrate.ts";

/** Applies the migrations that a mailbox has not applied yet. */
export const migrate = (storage: DurableObjectStorage): void => platform.migrate(storage, [m0000, m0001]);
