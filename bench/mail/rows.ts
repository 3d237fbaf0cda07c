/** Rows as Cloudflare bills them, those of indexes among them. */
export interface Rows {
  read: number;
  written: number;
}

/** How a wake-up of a sync has ended. */
export interface PassEnd {
  /** Known so far. */
  messages: number;
  isComplete: boolean;
  /** JSON: the failure. */
  error: string | null;
}
