/** The billed units of one call, with its background work. */
export interface Units {
  /** Rows that D1 reads. */
  rowsRead: number;
  /** Rows that D1 writes, with rows of indexes. */
  rowsWritten: number;
  statements: number;
  /** Round trips to D1. A batch is one. */
  roundTrips: number;
  /** Each 64,000 bytes of a message cost one to write, one per delivery and one to delete. */
  queueOps: number;
  /** R2 operations of class A: write and list. */
  r2A: number;
  /** R2 operations of class B: read. Deletion is free. */
  r2B: number;
  /** Requests to Durable Objects: fetch, RPC and alarm; a received WebSocket message is a twentieth. */
  durableRequests: number;
}

/** No units. */
export const noUnits = (): Units => ({
  ...{ rowsRead: 0, rowsWritten: 0, statements: 0, roundTrips: 0 },
  ...{ queueOps: 0, r2A: 0, r2B: 0, durableRequests: 0 },
});

/** Path of the meter: GET reads it, DELETE resets it, POST runs cron. */
export const METER_PATH = "/__units";

/** Path that lists the routes of the metered Worker, as `METHOD /path/:of`. */
export const ROUTES_PATH = "/__routes";

/** Path that inserts people of UzbekHub: POST with a list of `HubPerson`. It is not metered. */
export const HUB_PEOPLE_PATH = "/__hub-people";

/** Somebody to insert. */
export interface HubPerson {
  id: number;
  username: string;
  first_name: string;
  last_name: string;
  is_private: boolean;
  /** A hash. */
  password?: string;
  /** Where they are, if they share it. */
  position?: { lat: number; long: number };
}

/** The response of the meter. */
export interface MeterReading {
  /** False during a request, its deferred work, or a queue message. */
  isIdle: boolean;
  /** Since the last reset. */
  units: Units;
  /** Number of constructed hubs: at the first request, and after each hibernation. */
  hubStarts: number;
}
