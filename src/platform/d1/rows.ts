import type { Table } from "drizzle-orm";

/** A row as D1 returns it. Drizzle's own type has booleans where D1 has 0 and 1. */
export type RowOf<T extends Table> = { [Column in keyof T["$inferSelect"]]: Raw<T["$inferSelect"][Column]> };

type Raw<Value> = Value extends boolean ? 0 | 1 : Value;
