const TABLE = `
  CREATE TABLE IF NOT EXISTS reads (user INTEGER PRIMARY KEY, number INTEGER NOT NULL, at INTEGER NOT NULL)`;

/** How far somebody has read: the number of a message, and when they did, in milliseconds since the epoch. */
type Read = { user: number; number: number; at: number };

/** Who has read how far in a room. */
export class Reads {
  readonly #storage: DurableObjectStorage;
  /** The latest ones; undefined until they are asked for. */
  #latest: Map<number, Read> | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.open();
  }

  /** Makes the table if it is missing. */
  open(): void {
    this.#latest = undefined;
    this.#storage.sql.exec(TABLE);
  }

  /** Notes that somebody has read all up to a message. It writes one row. @returns false if they had already */
  note(user: number, number: number): boolean {
    const at = Date.now();
    const { rowsWritten } = this.#storage.sql.exec(
      `INSERT INTO reads VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET number = excluded.number, at = excluded.at WHERE number < excluded.number`,
      ...[user, number, at],
    );
    if (rowsWritten > 0) this.#latest?.set(user, { user, number, at });
    return rowsWritten > 0;
  }

  /** What was read since then. Only the first call after a wake-up reads rows: one for each reader. */
  since(at: number): Read[] {
    this.#latest ??= new Map(
      this.#storage.sql
        .exec<Read>("SELECT user, number, at FROM reads WHERE at >= ?", at)
        .toArray()
        .map((read) => [read.user, read]),
    );
    for (const [user, read] of this.#latest) if (read.at < at) this.#latest.delete(user);
    return [...this.#latest.values()];
  }
}
