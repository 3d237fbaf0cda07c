import { env } from "cloudflare:workers";
import { createContext, type UserCtx } from "../../src/hub/context.ts";
import { cellOf, FINE, type Position, wideCellOf } from "../../src/hub/geo/cells.ts";
import { unique } from "./client.ts";
import { hubDb, type Person } from "./hub-client.ts";

/** A context of verbs for a person. Without other bindings or vars there is no geocoder. */
export const contextOf = (person: Pick<Person, "id">, changes: object = {}): UserCtx => ({
  ...createContext({ ...env, HUB_GEOCODER_URL: "", ...changes } as Env, { waitUntil: () => {} }),
  ...{ origin: "https://xabar.test", address: "local", language: "uz" },
  user: { id: person.id, isStaff: false, sessionId: "" },
});

/** Puts people at positions, without accounts to sign in with. @returns their ids, in order */
export async function settle(positions: Position[]): Promise<number[]> {
  const now = Date.now();
  const people = positions.map(({ lat, long }) => {
    const [id, cell] = [unique() + 1e10, cellOf({ lat, long }, FINE)];
    return [id, `p${id}`, lat.toFixed(6), long.toFixed(6), cell, wideCellOf(cell)];
  });
  for (let start = 0; start < people.length; start += 2000) {
    const json = JSON.stringify(people.slice(start, start + 2000));
    await hubDb.batch([
      hubDb
        .prepare(
          `INSERT INTO hub_users (id, email, username, date_joined)
          SELECT value->>0, value->>1 || '@hub.example', value->>1, ?2 FROM json_each(?1)`,
        )
        .bind(json, now),
      hubDb
        .prepare(
          `INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, created_at, updated_at)
          SELECT value->>0, value->>2, value->>3, value->>4, value->>5, ?2, ?2 FROM json_each(?1)`,
        )
        .bind(json, now),
    ]);
  }
  return people.map(([id]) => Number(id));
}

/** Moves somebody, without the limit of the API. */
export async function move({ id }: Pick<Person, "id">, { lat, long }: Position): Promise<void> {
  const cell = cellOf({ lat, long }, FINE);
  await hubDb
    .prepare(
      `INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)
      ON CONFLICT (user_id) DO UPDATE SET lat = excluded.lat, long = excluded.long, cell = excluded.cell,
        wide_cell = excluded.wide_cell`,
    )
    .bind(id, lat.toFixed(6), long.toFixed(6), cell, wideCellOf(cell))
    .run();
}
