import { DurableObject } from "cloudflare:workers";

/** The state of a limit after a request was counted. */
export interface Taken {
  isAllowed: boolean;
  remaining: number;
  /** When the window ends, in milliseconds since the epoch. */
  reset: number;
}

interface Window {
  count: number;
  until: number;
}

const WINDOW_MS = 60_000;

/**
 * Counts the requests of one user in windows of a minute, which begin with their first request. A request costs one call
 * and one row; a refused one writes nothing.
 */
export class RateWindow extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS windows (name TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** Counts a request in a window, unless the limit is reached. */
  async take(name: string, limit: number): Promise<Taken> {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    const [counted] = sql
      .exec<Window & Record<string, SqlStorageValue>>(
        `INSERT INTO windows (name, count, until) VALUES (?1, 1, ?2)
         ON CONFLICT (name) DO UPDATE SET
           count = CASE WHEN until <= ?3 THEN 1 ELSE count + 1 END,
           until = CASE WHEN until <= ?3 THEN excluded.until ELSE until END
         WHERE until <= ?3 OR count < ?4
         RETURNING count, until`,
        ...[name, now + WINDOW_MS, now, limit],
      )
      .toArray();
    if (counted) return { isAllowed: true, remaining: limit - counted.count, reset: counted.until };
    const { until } = sql.exec<{ until: number }>("SELECT until FROM windows WHERE name = ?", name).one();
    return { isAllowed: false, remaining: 0, reset: until };
  }
}
