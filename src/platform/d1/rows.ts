import type { Table } from "drizzle-orm";

/** A row of a table as D1 gives it, where drizzle's own type has already turned 0 and 1 into booleans. */
export type RowOf<T extends Table> = { [Column in keyof T["$inferSelect"]]: Raw<T["$inferSelect"][Column]> };

type Raw<Value> = Value extends boolean ? 0 | 1 : Value;
