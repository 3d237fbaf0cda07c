// What the bench and its Worker (worker/index.ts) say to each other of chat rooms.

/** Rows that a database bills. */
export interface Rows {
  read: number;
  written: number;
}

/** The rooms' meter: GET reads it, DELETE resets it. POST with `Filling` fills a room. */
export const ROOMS_PATH = "/__rooms";

/** Opens a socket of a bare room. Its name follows. */
export const BARE_PATH = "/__bare/";

/** The number of messages to put into a room without messages, and of the users who have sent them: 1, 2 … */
export interface Filling {
  room: string;
  key: number;
  messages: number;
  senders: number;
}

/** What happened in rooms since the last reset. */
export interface RoomsReading {
  /** Objects that were constructed: at the first request, and after each hibernation. */
  starts: number;
  /** Alarms that have ended. */
  alarms: number;
  /** In the Objects' own databases, with alarms set and values put. */
  rows: Rows;
}
