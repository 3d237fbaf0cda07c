import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { noteTask } from "../tasks.ts";

/** A sync that somebody asked for, and that has not ended. */
export interface SyncTask {
  id: string;
  isForced: boolean;
  /** Ids; none for all. */
  folders: string[];
  createdAt: number;
  counts: Counts;
}

export interface Counts {
  messagesAdded: number;
  messagesUpdated: number;
  messagesRemoved: number;
}

const NONE: Counts = { messagesAdded: 0, messagesUpdated: 0, messagesRemoved: 0 };

/** The name of what a sync covers: one of each runs at a time. */
export const scopeOf = ({ force, folders }: { force: boolean; folders: string[] }): string =>
  JSON.stringify({ force, folders: [...new Set(folders)].sort() });

/** The syncs that somebody asked for, oldest first. */
export function runningSyncs(ctx: MailboxContext): SyncTask[] {
  const rows = rowsOf<{ id: string; scope: string; created_at: number; result: string | null }>(
    ctx,
    `SELECT id, scope, created_at, result FROM tasks
     WHERE kind = 'sync' AND status IN ('pending', 'started', 'retry') ORDER BY created_at`,
  );
  return rows.map(({ id, scope, created_at, result }) => {
    const { force, folders } = JSON.parse(scope) as { force: boolean; folders: string[] };
    return {
      id,
      isForced: force,
      folders,
      createdAt: created_at,
      counts: { ...NONE, ...(result === null ? {} : JSON.parse(result)) },
    };
  });
}

/** How far the syncs are. What a step of the work counts is noted in the step's own transaction. */
export class Progress {
  readonly #ctx: MailboxContext;
  readonly #tasks: SyncTask[];
  #counts: Counts = { ...NONE };
  /** Messages in the mirror, and on the server. */
  #done = 0;
  #total = 0;

  constructor(ctx: MailboxContext, tasks: SyncTask[]) {
    this.#ctx = ctx;
    this.#tasks = tasks;
  }

  /** @param done messages in the mirror @param total on the server */
  begin(done: number, total: number): void {
    this.#done = Math.min(done, total);
    this.#total = total;
  }

  /** Does a step of the work in one transaction with its counts. */
  step<T extends Partial<Counts>>(work: () => T): T {
    return this.#ctx.storage.transactionSync(() => {
      const counts = work();
      this.#counts = {
        messagesAdded: this.#counts.messagesAdded + (counts.messagesAdded ?? 0),
        messagesUpdated: this.#counts.messagesUpdated + (counts.messagesUpdated ?? 0),
        messagesRemoved: this.#counts.messagesRemoved + (counts.messagesRemoved ?? 0),
      };
      this.#done += counts.messagesAdded ?? 0;
      if (Object.values(counts).some((count) => typeof count === "number" && count > 0)) this.#note();
      return counts;
    });
  }

  /** @param folders how many were synced */
  succeed(folders: number): void {
    for (const task of this.#tasks) {
      const result = { ...this.#resultOf(task), foldersSync: task.folders.length || folders };
      noteTask(this.#ctx, task.id, { status: "success", result });
    }
  }

  #note(): void {
    const progress = this.#total === 0 ? 0 : (100 * this.#done) / this.#total;
    for (const task of this.#tasks)
      noteTask(this.#ctx, task.id, { status: "started", progress, result: this.#resultOf(task) });
  }

  #resultOf({ counts }: SyncTask): Counts {
    return {
      messagesAdded: counts.messagesAdded + this.#counts.messagesAdded,
      messagesUpdated: counts.messagesUpdated + this.#counts.messagesUpdated,
      messagesRemoved: counts.messagesRemoved + this.#counts.messagesRemoved,
    };
  }
}
