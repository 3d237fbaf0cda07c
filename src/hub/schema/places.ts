import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Cities that positions get their address from without a geocoder. Migrations fill it: see docs/hub-places.md. */
export const places = sqliteTable(
  "hub_places",
  {
    id: integer().primaryKey(),
    /** The square of one degree that it is in: see geo/places.ts. */
    square: integer().notNull(),
    /** In decimal degrees. */
    lat: real().notNull(),
    long: real().notNull(),
    city: text().notNull(),
    country: text().notNull(),
    population: integer().notNull(),
  },
  (t) => [index("hub_places_square").on(t.square)],
);
