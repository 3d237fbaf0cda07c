/** What Cloudflare bills of one call, whatever it set going in the background included. */
export interface Units {
  /** Of D1. */
  rowsRead: number;
  /** Of D1, rows of indexes included. */
  rowsWritten: number;
  statements: number;
  /** To D1: a batch is one. */
  roundTrips: number;
  /** Each begun 64 KB (of 1,000 bytes) of a message costs one to write, one at each delivery, one to delete. */
  queueOps: number;
  /** R2 operations of class A: they write or list. */
  r2A: number;
  /** R2 operations of class B: they read. Deleting is free. */
  r2B: number;
  /** To Durable Objects: fetches, RPCs, alarms, and a twentieth for each WebSocket message that one receives. */
  durableRequests: number;
}

/** Nothing yet. */
export const noUnits = (): Units => ({
  ...{ rowsRead: 0, rowsWritten: 0, statements: 0, roundTrips: 0 },
  ...{ queueOps: 0, r2A: 0, r2B: 0, durableRequests: 0 },
});

/** Where the metered Worker tells (GET), forgets (DELETE) and runs cron (POST). */
export const METER_PATH = "/__units";

/** Where the metered Worker lists its routes, as `METHOD /path/:of`. */
export const ROUTES_PATH = "/__routes";

/** What the metered Worker tells. */
export interface MeterReading {
  /** False while anything is under way: a request, work after the answer, a queue message. */
  isIdle: boolean;
  /** Since it was last told to forget. */
  units: Units;
  /** How often a hub was constructed: each time for the first request, and after each hibernation. */
  hubStarts: number;
}
