import type { CardRow } from "../../people/card.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS people (user INTEGER PRIMARY KEY, card TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS blocks (user INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (user, other)) WITHOUT ROWID`;

/** Who speaks and listens in a room: their cards, and which of them have blocked one another. */
export class People {
  readonly #storage: DurableObjectStorage;
  #cards = new Map<number, CardRow>();
  /** By user: the others that neither hear nor are heard. */
  #apart = new Map<number, Set<number>>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.open();
  }

  /** Makes the tables if they are missing, and reads the blocks. */
  open(): void {
    const { sql } = this.#storage;
    sql.exec(TABLES);
    this.#cards.clear();
    this.#apart.clear();
    for (const { user, other } of sql.exec<{ user: number; other: number }>("SELECT user, other FROM blocks"))
      this.#apart.set(user, (this.#apart.get(user) ?? new Set()).add(other));
  }

  /** Notes a person as the database has them. @param apart of the members: whom they have blocked, or who has blocked them */
  set(card: CardRow, apart: number[]): void {
    const { sql } = this.#storage;
    const user = card.user_id;
    const json = JSON.stringify(card);
    if (JSON.stringify(this.card(user)) !== json) {
      sql.exec("INSERT OR REPLACE INTO people VALUES (?, ?)", user, json);
      this.#cards.set(user, card);
    }
    const known = this.#apart.get(user) ?? new Set();
    if (known.size === apart.length && apart.every((other) => known.has(other))) return;
    sql.exec("DELETE FROM blocks WHERE user = ?", user);
    sql.exec("INSERT INTO blocks SELECT ?, value FROM json_each(?)", user, JSON.stringify(apart));
    this.#apart.set(user, new Set(apart));
  }

  /** The card of somebody who has been here; undefined for anybody else. */
  card(user: number): CardRow | undefined {
    const known = this.#cards.get(user);
    if (known) return known;
    const [row] = this.#storage.sql
      .exec<{ card: string }>("SELECT card FROM people WHERE user = ?", user)
      .toArray();
    if (!row) return undefined;
    const card: CardRow = JSON.parse(row.card);
    this.#cards.set(user, card);
    return card;
  }

  /** Whether one of two has blocked the other. */
  areApart(a: number, b: number): boolean {
    return (this.#apart.get(a)?.has(b) || this.#apart.get(b)?.has(a)) ?? false;
  }

  /** Whether anybody has blocked somebody, or is blocked by somebody, among the members. */
  hasBlocks(user: number): boolean {
    return (this.#apart.get(user)?.size ?? 0) > 0;
  }
}
