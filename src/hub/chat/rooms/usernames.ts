import { type SQL, sql } from "../../../platform/d1/sql.ts";

/** The refusal of a username that another group has. */
export const TAKEN = "A room with that username already exists.";

/** The other room that has a username. @param username in lower case; null for none */
export const selectTaken = (username: string | null | undefined, except: string): SQL =>
  sql`SELECT 1 FROM hub_rooms WHERE username = ${username ?? null} AND id <> ${except}`;
