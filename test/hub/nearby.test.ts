import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { observedD1 } from "../../dev/worker/observed-d1.ts";
import {
  cellOf,
  cellsWithin,
  centreOf,
  distanceKm,
  FINE,
  type Position,
  WIDE,
  WIDE_REACH_KM,
  wideCellOf,
} from "../../src/hub/geo/cells.ts";
import { listNearby } from "../../src/hub/geo/nearby.ts";
import { call } from "../support/client.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { contextOf, move, settle } from "../support/hub-geo.ts";

const PATH = "/api/accounts/account/location/";
const TASHKENT = { lat: 41.2995, long: 69.2401 };
/** About a kilometre. */
const NORTH = 0.009;

beforeEach(async () => {
  await hubDb.prepare("DELETE FROM hub_locations").run();
});

async function personAt(position: Position, changes = {}): Promise<Person> {
  const person = await createPerson(changes);
  await move(person, position);
  return person;
}

const idsNear = async (person: Person, km: number): Promise<number[]> =>
  (await person.call("GET", `${PATH}${km}/`)).body.map(({ id }: { id: number }) => id);

/** What a query answers and how many rows it reads. */
async function measure(person: Person, km: number) {
  let read = 0;
  const HUB_DB = observedD1(env.HUB_DB, ({ rowsRead }) => {
    read += rowsRead;
  });
  const page = { limit: 100, offset: 0, isPaged: false };
  const { items } = await listNearby(contextOf(person, { HUB_DB }), km, page);
  return { items, read };
}

describe("refusals", () => {
  it("without a token it is 401", async () => {
    expect(await call(null, "GET", `${PATH}5.0/`)).toMatchObject({ status: 401 });
  });

  it.each(["0", "0.0", "-1", "100.1", "1e1", "abc", "NaN", "Infinity", "5,0", "%20", "9".repeat(16)])(
    "the distance %s is 400 on its field",
    async (distance) => {
      const { call } = await createPerson();
      expect(await call("GET", `${PATH}${distance}/`)).toMatchObject({
        status: 400,
        body: { details: { distance: [expect.any(String)] } },
      });
    },
  );

  it("without a location of one's own it is 400", async () => {
    const { call } = await createPerson();
    expect(await call("GET", `${PATH}5.0/`)).toMatchObject({
      status: 400,
      body: { details: { non_field_errors: ["Share your own location first."] } },
    });
  });
});

describe("who is found", () => {
  it("people in the contract's shape, the nearest first, without oneself and without those who share nothing", async () => {
    const person = await personAt(TASHKENT);
    await createPerson();
    const far = await personAt({ ...TASHKENT, lat: TASHKENT.lat + 4 * NORTH }, { first_name: "Far" });
    const near = await personAt({ ...TASHKENT, lat: TASHKENT.lat + NORTH }, { bio: "Designer" });
    const { status, body } = await person.call("GET", `${PATH}5.0/`);
    expect(status).toBe(200);
    expect(body).toMatchObject([
      { id: near.id, bio: "Designer", profile_picture: null, distance: 1 },
      { id: far.id, first_name: "Far", distance: 5 },
    ]);
    expect(Object.keys(body[0])).toEqual(
      ["id", "first_name", "last_name", "username", "bio", "profile_picture", "distance"], // by the contract
    );
    expect(await idsNear(person, 2)).toEqual([near.id]);
  });

  it("neither of two finds the other after a block of either", async () => {
    const [one, two, three] = [await personAt(TASHKENT), await personAt(TASHKENT), await personAt(TASHKENT)];
    await hubDb
      .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
      .bind(one.id, two.id)
      .run();
    for (const km of [1, 50]) {
      expect(await idsNear(one, km)).toEqual([three.id]);
      expect(await idsNear(two, km)).toEqual([three.id]);
      expect((await idsNear(three, km)).sort()).toEqual([one.id, two.id].sort());
    }
  });

  it("a private person is found by their own contacts alone", async () => {
    const hidden = await personAt(TASHKENT, { is_private: 1 as never });
    const [contact, fan] = [await personAt(TASHKENT), await personAt(TASHKENT)];
    const has = (owner: Person, other: Person) =>
      hubDb
        .prepare(
          "INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 1, 1)",
        )
        .bind(owner.id, other.id)
        .run();
    await has(hidden, contact);
    await has(fan, hidden);
    for (const km of [1, 50]) {
      expect(await idsNear(contact, km)).toContain(hidden.id);
      expect(await idsNear(fan, km)).not.toContain(hidden.id);
    }
  });

  it("somebody whose account is being deleted is not found", async () => {
    const person = await personAt(TASHKENT);
    const { id } = await personAt(TASHKENT);
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(id).run();
    expect(await idsNear(person, 1)).toEqual([]);
    expect(await idsNear(person, 50)).toEqual([]);
  });

  it("people in one's own cell, however small the distance", async () => {
    const person = await personAt({ lat: 41.2901, long: 69.2401 });
    const [other] = await settle([{ lat: 41.2999, long: 69.2499 }]);
    expect((await person.call("GET", `${PATH}0.001/`)).body).toMatchObject([{ id: other, distance: 0.5 }]);
  });

  it("with page, a page of the nearest", async () => {
    const person = await personAt(TASHKENT);
    await settle(Array.from({ length: 30 }, () => TASHKENT));
    const { body } = await person.call("GET", `${PATH}5/?page=2`);
    expect(body).toMatchObject({ count: 30, next: null, previous: `https://xabar.test${PATH}5/?page=1` });
    expect(body.results).toHaveLength(5);
    expect(await person.call("GET", `${PATH}5/?page=3`)).toMatchObject({ status: 404 });
  });
});

describe("cells", () => {
  const degrees = (most: number) =>
    fc.oneof(
      fc.integer({ min: -most * 1e6, max: most * 1e6 }).map((each) => each / 1e6),
      fc.constantFrom(-most, most, most - 0.000001, 0, 59.999, 60.001),
    );
  const position = fc.record({ lat: degrees(90), long: degrees(180) });

  it("a position is within one step of the grid of its cell's middle in latitude, and at most 0.8 km away", () => {
    fc.assert(
      fc.property(position, (at) => {
        const centre = centreOf(cellOf(at, FINE), FINE);
        expect(Math.abs(centre.lat - at.lat)).toBeLessThanOrEqual(0.0050001);
        expect(distanceKm(at, centre)).toBeLessThan(0.8);
        const wide = centreOf(wideCellOf(cellOf(at, FINE)), WIDE);
        expect(distanceKm(centre, wide)).toBeLessThan(WIDE_REACH_KM);
      }),
    );
  });

  it("up to 59 degrees of latitude, cells are those of 0.01 degrees", () => {
    const step = (degrees: number) => Math.floor(Math.round(degrees * 1e6) / 1e4);
    fc.assert(
      fc.property(position, ({ lat, long }) => {
        fc.pre(Math.abs(lat) < 59);
        expect(cellOf({ lat, long }, FINE)).toBe(step(lat + 90) * 36_000 + (step(long + 180) % 36_000));
      }),
    );
  });

  it("nearer to the poles, cells are some steps wide: never less than half a kilometre", () => {
    for (let row = 0; row < 18_000; row += 7) {
      const lat = centreOf(row * 36_000, FINE).lat;
      const [first, second] = [0, 0.01].map((each) =>
        centreOf(cellOf({ lat, long: each - 180 }, FINE), FINE),
      );
      const width = 2 * (first!.long + 180);
      expect(width * 111.195 * Math.cos((lat * Math.PI) / 180)).toBeGreaterThan(0.54);
      expect(second!.long === first!.long).toBe(width > 0.015);
    }
  });

  it("the cells of a circle are those whose middle is in it: over the antimeridian and the poles, too", () => {
    const km = fc.constantFrom(0.5, 3, 20);
    fc.assert(
      fc.property(
        position,
        km,
        fc.array(
          fc.tuple(fc.double({ min: 0, max: 360, noNaN: true }), fc.double({ min: 0, max: 30, noNaN: true })),
        ),
        (from, distance, spots) => {
          const cells = cellsWithin(from, distance, FINE);
          expect(new Set(cells).size).toBe(cells.length);
          expect(cells.length).toBeLessThan(2600);
          const found = new Set(cells);
          const far = cells.map((cell) => distanceKm(from, centreOf(cell, FINE)));
          expect(far).toEqual(far.toSorted((a, b) => a - b));
          for (const [bearing, away] of spots) {
            const cell = cellOf(travel(from, bearing, away), FINE);
            const middle = distanceKm(from, centreOf(cell, FINE));
            if (Math.abs(middle - distance) > 1e-6) expect(found.has(cell)).toBe(middle < distance);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["the antimeridian", { lat: -17.8, long: 179.995 }, { lat: -17.8, long: -179.995 }],
    ["the antimeridian, from its very line", { lat: 51.9, long: 180 }, { lat: 51.9, long: -180 }],
    ["the north pole", { lat: 89.99, long: 10 }, { lat: 89.99, long: -170 }],
    ["the south pole", { lat: -90, long: 0 }, { lat: -89.995, long: 123.456 }],
  ])("people find each other over %s", async (_name, one, two) => {
    const [a, b] = [await personAt(one), await personAt(two)];
    for (const km of [3, 50]) {
      expect(await idsNear(a, km)).toEqual([b.id]);
      expect(await idsNear(b, km)).toEqual([a.id]);
    }
  });
});

/** Where somebody gets who goes straight on. */
function travel({ lat, long }: Position, bearing: number, km: number): Position {
  const [phi, theta, delta] = [(lat * Math.PI) / 180, (bearing * Math.PI) / 180, km / 6371.0088];
  const sine = Math.sin(phi) * Math.cos(delta) + Math.cos(phi) * Math.sin(delta) * Math.cos(theta);
  const turned = Math.atan2(
    Math.sin(theta) * Math.sin(delta) * Math.cos(phi),
    Math.cos(delta) - Math.sin(phi) * sine,
  );
  const east = long + (turned * 180) / Math.PI;
  return {
    lat: (Math.asin(Math.max(-1, Math.min(1, sine))) * 180) / Math.PI,
    long: ((east + 540) % 360) - 180,
  };
}

describe("nobody is located nearer than their cell", () => {
  it("from anywhere and with any distance, two corners of a cell answer alike", async () => {
    const spy = await personAt(TASHKENT);
    const corners = [
      { lat: 41.310001, long: 69.280001 },
      { lat: 41.319999, long: 69.289999 },
      { lat: 41.310001, long: 69.289999 },
    ];
    const ids = await settle(corners);
    const moves = fc.record({
      lat: fc.integer({ min: 41_100_000, max: 41_500_000 }).map((each) => each / 1e6),
      long: fc.integer({ min: 69_000_000, max: 69_500_000 }).map((each) => each / 1e6),
    });
    const distances = fc.double({ min: 0.01, max: 40, noNaN: true });
    await fc.assert(
      fc.asyncProperty(moves, distances, async (position, km) => {
        await move(spy, position);
        const { items } = await measure(spy, km);
        const [first, ...others] = ids.map((id) => items.find((each) => each.id === id)?.distance);
        for (const distance of others) expect(distance).toBe(first);
      }),
      { numRuns: 25 },
    );
  });

  it("somebody who asks from several places with ever finer distances learns the cell's middle, and no more", async () => {
    const spy = await personAt(TASHKENT);
    const target = { lat: 41.311234, long: 69.288765 };
    const [id] = await settle([target]);
    const isFound = async (km: number) => (await measure(spy, km)).items.some((each) => each.id === id);
    const measured: { at: Position; km: number }[] = [];
    for (let each = 0; each < 5; each++) {
      const at = travel(TASHKENT, each * 72, 2 + each / 2);
      await move(spy, at);
      let [low, high] = [0, 20];
      while (high - low > 0.02) {
        const middle = (low + high) / 2;
        if (await isFound(middle)) high = middle;
        else low = middle;
      }
      measured.push({ at, km: high });
    }
    const centre = centreOf(cellOf(target, FINE), FINE);
    const errors = measured.map(({ at, km }) => Math.abs(distanceKm(at, centre) - km));
    // All that could be measured is where the middle is: the target itself fits it no better than the rest of the cell.
    expect(Math.max(...errors)).toBeLessThan(0.021);
    expect(distanceKm(centre, target)).toBeGreaterThan(0.4);
  });
});

describe("rows read", () => {
  /** Evenly over a disc. */
  const crowd = (centre: Position, count: number, km: number) =>
    Array.from({ length: count }, (_, each) =>
      travel(centre, each * 137.508, km * Math.sqrt((each + 0.5) / count)),
    );

  it("in a city with 3,600 people within 5 km: at most 300, and the 100 nearest are found", async () => {
    const person = await personAt(TASHKENT);
    const positions = crowd(TASHKENT, 3600, 5);
    const ids = await settle(positions);
    const blocked = ids.slice(0, 3);
    for (const id of blocked)
      await hubDb
        .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
        .bind(person.id, id)
        .run();
    const distances = positions
      .map((each, nth) => ({ id: ids[nth]!, cell: cellOf(each, FINE) }))
      .filter(({ id }) => !blocked.includes(id))
      .map(({ cell }) => (cell === cellOf(TASHKENT, FINE) ? 0 : distanceKm(TASHKENT, centreOf(cell, FINE))))
      .sort((a, b) => a - b);
    for (const km of [1.5, 5, 20, 100]) {
      const { items, read } = await measure(person, km);
      expect(items).toHaveLength(Math.min(100, distances.filter((each) => each <= km).length));
      expect(read).toBeLessThanOrEqual(300);
      expect(items.at(-1)!.distance).toBeGreaterThanOrEqual(distances[items.length - 1]!);
    }
  });

  it("in a desert with nobody within 20 km: at most 3,000, also with few people around", async () => {
    const desert = { lat: 42.5, long: 63.5 };
    const person = await personAt(desert);
    const empty = await measure(person, 20);
    expect(empty.items).toEqual([]);
    await settle(crowd(desert, 15, 19));
    const few = await measure(person, 20);
    expect(few.items).toHaveLength(15);
    const far = await measure(person, 100);
    expect(far.items).toHaveLength(15);
    expect(empty.read).toBeLessThanOrEqual(300);
    expect(Math.max(few.read, far.read)).toBeLessThanOrEqual(3000);
  });

  it("people farther than 20 km are found by wide cells, the nearest first", async () => {
    const person = await personAt(TASHKENT);
    const positions = crowd(travel(TASHKENT, 90, 60), 300, 35).filter(
      (each) => distanceKm(TASHKENT, each) > 22,
    );
    const ids = await settle(positions);
    const { items } = await measure(person, 100);
    const expected = positions
      .map((each, nth) => ({ id: ids[nth]!, km: distanceKm(TASHKENT, centreOf(cellOf(each, FINE), FINE)) }))
      .sort((a, b) => a.km - b.km)
      .slice(0, 100);
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set(expected.map(({ id }) => id)));
    expect(await measure(person, 20)).toMatchObject({ items: [] });
  });
});
