import { formatEvent } from "../../lib/sse.ts";
import type { PresenceState } from "./presence-schemas.ts";

/** How long a user counts as present after the last announcement. */
export const LEASE_MS = 30_000;

/** A user in a thread, and what they do there. */
export type Presence = {
  thread_id: string;
  user_id: number;
  /** From the user's token. */
  name: string | null;
  state: PresenceState;
};

/** The presence leases of one company's users. Stored in its Durable Object, so that they survive hibernation. */
export class Leases {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS leases (
      thread_id TEXT, user_id INTEGER, state TEXT NOT NULL, until INTEGER NOT NULL, name TEXT,
      PRIMARY KEY (thread_id, user_id)) WITHOUT ROWID`);
    // Of a version without names.
    const isOld =
      sql.exec("SELECT 1 FROM pragma_table_info('leases') WHERE name = 'name'").toArray().length === 0;
    if (isOld) sql.exec("ALTER TABLE leases ADD COLUMN name TEXT");
  }

  /**
   * Takes a lease, renews it, or releases it with `left`.
   * @param now in milliseconds
   * @returns whether the state changed, and the other users in the thread
   */
  take({ thread_id, user_id, name, state }: Presence, now: number): { isNews: boolean; others: Presence[] } {
    const present = this.#select("WHERE thread_id = ? AND until > ?", thread_id, now);
    const before = present.find((other) => other.user_id === user_id)?.state ?? "left";
    if (state === "left") {
      this.#sql.exec("DELETE FROM leases WHERE thread_id = ? AND user_id = ?", thread_id, user_id);
    } else {
      const values = [thread_id, user_id, name, state, now + LEASE_MS];
      this.#sql.exec(
        "INSERT OR REPLACE INTO leases (thread_id, user_id, name, state, until) VALUES (?, ?, ?, ?, ?)",
        ...values,
      );
    }
    return { isNews: before !== state, others: present.filter((other) => other.user_id !== user_id) };
  }

  /** Removes expired leases. @returns them as `left`, to announce */
  expire(now: number): Presence[] {
    const over = this.#select("WHERE until <= ?", now);
    this.#sql.exec("DELETE FROM leases WHERE until <= ?", now);
    return over.map((presence) => ({ ...presence, state: "left" }));
  }

  /** When the next lease expires, in milliseconds since the epoch; null without leases. */
  nextExpiry(): number | null {
    return this.#sql.exec<{ due: number | null }>("SELECT min(until) AS due FROM leases").one().due;
  }

  #select(condition: string, ...values: (string | number)[]): Presence[] {
    const select = `SELECT thread_id, user_id, name, state FROM leases ${condition}`;
    return this.#sql.exec<Presence>(select, ...values).toArray();
  }
}

/** Formats presence as SSE text. It is not in the log and has no id: a client that reconnects asks again. */
export const toPresenceFrame = ({ thread_id, user_id, name, state }: Presence, company_id: number): string =>
  formatEvent("presence", {
    type: "presence",
    thread_id,
    message_id: null,
    company_id,
    user_id,
    name,
    state,
  });
