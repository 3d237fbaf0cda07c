import { execute, toRows } from "../../platform/d1/object.ts";
import { type Run, runInD1 } from "../../platform/d1/store.ts";
import type { Move } from "./copy.ts";
import { countTotals, migrations } from "./migrations.ts";
import { beginMove, type Progress, stepMove } from "./move.ts";

/** Where a company's rows are: in D1 until they have been moved. */
type Place = "d1" | "object";

/** Where a company's rows are, and how far their move is. */
export interface MoveStatus {
  store: Place;
  /** Null when no move is under way. */
  stage: Progress["stage"] | null;
  copied: number;
  repaired: number;
  error: string | null;
}

/** Steps of a move in one alarm: a few seconds' work. */
const STEPS = 200;

/** The rows of one company, in its Durable Object. */
export class CompanyData {
  readonly #move: Move;
  #opening: Promise<Run> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** While set, queries wait for the end of a move. */
  #gate: Promise<void> | undefined;

  constructor(storage: DurableObjectStorage, d1: D1Database, company: number) {
    this.#move = { storage, company, runInD1: runInD1(d1) };
  }

  /** True once the object has the company's rows. */
  get isHere(): boolean {
    return this.#place === "object";
  }

  /** True while a move has steps to take. */
  get isMoving(): boolean {
    return this.#progress !== undefined;
  }

  /** Runs queries in one transaction. @returns the rows of each */
  run: Run = async (queries) => {
    while (this.#gate) await this.#gate;
    const running = this.#open().then((run) => run(queries));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  };

  async status(): Promise<MoveStatus> {
    await this.#open();
    const { stage = null, copied = 0, repaired = 0, error = null } = this.#progress ?? {};
    return { store: this.#place ?? "d1", stage, copied, repaired, error };
  }

  /**
   * Begins to move the company's rows from D1 into this object, unless they are here or on their way.
   * @returns false while another company is being moved
   */
  async beginMove(): Promise<boolean> {
    await this.#open();
    if (this.isHere || this.isMoving) return true;
    const progress = await beginMove(this.#move);
    if (!progress) return false;
    const { storage } = this.#move;
    migrate(storage);
    storage.transactionSync(() => {
      // Triggers have done their work on the rows that are copied.
      const triggers = storage.sql
        .exec<{ name: string; sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        .toArray();
      for (const { name } of triggers) storage.sql.exec(`DROP TRIGGER ${name}`);
      storage.kv.put(
        "triggers",
        triggers.map(({ sql }) => sql),
      );
      storage.kv.put("move", progress);
    });
    return true;
  }

  /** Takes some steps of the move. A step that fails is taken again by the next call. */
  async continueMove(steps = STEPS): Promise<void> {
    const { kv } = this.#move.storage;
    for (let left = steps; left > 0; left--) {
      const progress = this.#progress;
      if (!progress) return;
      try {
        const next = await stepMove(this.#move, progress, (work) => this.#flip(work));
        if (next) kv.put("move", next);
        else kv.delete("move");
      } catch (error) {
        kv.put("move", { ...progress, error: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    }
  }

  /** Lets queries wait while the last changes are copied, then sends them to the object. */
  async #flip(work: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    try {
      await Promise.allSettled(this.#running);
      await work();
      const { storage } = this.#move;
      storage.transactionSync(() => {
        const triggers = storage.kv.get<string[]>("triggers") ?? [];
        for (const statement of [...triggers, ...countTotals]) storage.sql.exec(statement);
        storage.kv.delete("triggers");
        storage.kv.put("place", "object");
      });
      this.#opening = undefined;
    } finally {
      this.#gate = undefined;
      resolve();
    }
  }

  get #place(): Place | undefined {
    return this.#move.storage.kv.get<Place>("place");
  }

  get #progress(): Progress | undefined {
    return this.#move.storage.kv.get<Progress>("move");
  }

  #open(): Promise<Run> {
    this.#opening ??= this.#findRun().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #findRun(): Promise<Run> {
    const { storage } = this.#move;
    const place = this.#place ?? (await this.#findPlace());
    if (place === "d1") return this.#move.runInD1;
    migrate(storage);
    return async (queries) => execute(storage, queries).map(toRows);
  }

  /** A company with rows in D1 stays there until it is moved. */
  async #findPlace(): Promise<Place> {
    const { company, storage } = this.#move;
    const isUsed = (table: string) => `EXISTS (SELECT 1 FROM ${table} WHERE company_id = ?1)`;
    const tables = ["ems_accounts", "ems_events", "ems_erasures", "ems_uploads", "ems_users"];
    const sql = `SELECT ${tables.map(isUsed).join(" OR ")} OR EXISTS (SELECT 1 FROM companies WHERE id = ?1) AS used`;
    const [rows] = await this.#move.runInD1([{ sql, params: [company] }]);
    const [row] = rows as { used: number }[];
    const place = row?.used ? "d1" : "object";
    storage.kv.put("place", place);
    return place;
  }
}

/** Brings an object's tables to the newest schema. */
function migrate(storage: DurableObjectStorage): void {
  const applied = storage.kv.get<number>("migrations") ?? 0;
  if (applied === migrations.length) return;
  storage.transactionSync(() => {
    for (const migration of migrations.slice(applied)) storage.sql.exec(migration);
    storage.kv.put("migrations", migrations.length);
  });
}
