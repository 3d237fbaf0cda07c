import { cellOf, FINE, wideCellOf } from "../../../src/hub/geo/cells.ts";
import { wordsOf } from "../../../src/hub/people/words.ts";
import type { HubPerson } from "../billing.ts";

/** Inserts people by the rules of the hub: their rows, what they are found by, and where they are. */
export async function insertPeople(db: D1Database, people: HubPerson[]): Promise<Response> {
  const words = people.flatMap((person) => wordsOf(person).map((word) => [word, person.id]));
  const places = people.flatMap(({ id, position }) => {
    if (!position) return [];
    const cell = cellOf(position, FINE);
    return [[id, position.lat.toFixed(6), position.long.toFixed(6), cell, wideCellOf(cell)]];
  });
  const insert = (sql: string, rows: unknown[]) => db.prepare(sql).bind(JSON.stringify(rows));
  await db.batch([
    insert(
      `INSERT INTO hub_users (id, email, username, first_name, last_name, is_private, password, date_joined)
       SELECT value->>'id', value->>'username' || '@hub.example', value->>'username', value->>'first_name',
         value->>'last_name', value->>'is_private', value->>'password', 0 FROM json_each(?)`,
      people,
    ),
    insert(
      "INSERT INTO hub_words (word, user_id) SELECT value->>0, value->>1 FROM json_each(?) ORDER BY 1",
      words,
    ),
    insert(
      `INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, created_at, updated_at)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4, 0, 0 FROM json_each(?)`,
      places,
    ),
  ]);
  return Response.json({ people: people.length });
}
