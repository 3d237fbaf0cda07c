import { isoOf } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { LocationResponse } from "./responses.ts";

/** The columns of a location that are answered, of hub_locations. */
export const LOCATION_COLUMNS = sql.raw(
  "id, user_id, lat, long, country, city, county, neighbourhood, created_at, updated_at",
);

export type LocationRow = {
  id: number;
  user_id: number;
  lat: string;
  long: string;
  country: string | null;
  city: string | null;
  county: string | null;
  neighbourhood: string | null;
  created_at: number;
  updated_at: number;
};

/** Converts a row to the contract's shape. */
export const toLocation = ({ user_id, created_at, updated_at, ...row }: LocationRow): LocationResponse => ({
  id: row.id,
  owner: user_id,
  lat: row.lat,
  long: row.long,
  country: row.country,
  city: row.city,
  county: row.county,
  neighbourhood: row.neighbourhood,
  created_at: isoOf(created_at),
  update_at: isoOf(updated_at),
});
