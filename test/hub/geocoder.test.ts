import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { geocode, removeOldAddresses, requestAddresses } from "../../src/hub/geo/addresses.ts";
import { createLocation, updateLocation } from "../../src/hub/geo/change.ts";
import { askGeocoder } from "../../src/hub/geo/geocoder.ts";
import type { Job } from "../../src/hub/jobs.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { contextOf } from "../support/hub-geo.ts";
import { waitFor } from "../support/wait.ts";

const PATH = "/api/accounts/account/location/";
const URL_ = "https://geocoder.test";
const TASHKENT = { country: "Uzbekistan", city: "Tashkent", county: "Yunusabad", neighbourhood: "Chilonzor" };

/** As dev/geocoder.ts takes it. */
interface Fault {
  delayMs?: number;
  status?: number;
  body?: string;
}

let next = 0;
/** A position in Tashkent that no other test asks for. */
const somewhere = () => ({ lat: (41.27 + next++ / 1000).toFixed(3), long: "69.240" });

const fault = async (at: { lat: string; long: string }, what: Fault) => {
  const body = JSON.stringify({ lat: at.lat, lon: at.long, times: 1, ...what });
  await fetch(`${URL_}/faults`, { method: "POST", body });
};

/** The headers of the requests for a position. */
const requestsFor = async (at: { lat: string; long: string }): Promise<Record<string, string>[]> =>
  (await fetch(`${URL_}/requests?lat=${at.lat}&lon=${at.long}`)).json();

const rowOf = ({ id }: Person) =>
  hubDb
    .prepare(
      "SELECT country, city, county, neighbourhood, address_due_at FROM hub_locations WHERE user_id = ?",
    )
    .bind(id)
    .first<Record<string, unknown>>();

/** A context with the geocoder, whose jobs are kept. */
function geocoded(person: Person, changes: object = {}) {
  const jobs: Job[] = [];
  const HUB_JOBS = {
    send: async (job: Job) => void jobs.push(job),
    sendBatch: async (batch: { body: Job }[]) => void jobs.push(...batch.map(({ body }) => body)),
  };
  return { ctx: contextOf(person, { HUB_GEOCODER_URL: URL_, HUB_JOBS, ...changes }), jobs };
}

const job = ({ id }: Person) => ({ type: "geocode" as const, userId: id });

it("the address of the contract's example comes by a job, after the response", async () => {
  const person = await createPerson();
  const created = await person.call("POST", PATH, { lat: "41.2995", long: "69.2401" });
  expect(created.body).toMatchObject({ country: "Uzbekistan", city: "Tashkent" });
  await waitFor(async () => expect(await rowOf(person)).toEqual({ ...TASHKENT, address_due_at: null }));
});

it("a position is told rounded, in Nominatim's words, with a User-Agent of our own", async () => {
  const person = await createPerson();
  const { ctx } = geocoded(person);
  const { lat, long } = somewhere();
  await createLocation(ctx, { lat: `${lat}4`, long: "69.23962" });
  await geocode(ctx, job(person));
  const [headers] = await requestsFor({ lat, long });
  expect(headers).toMatchObject({ "user-agent": "Xabar-UzbekHub/1.0", "accept-language": "en" });
});

it("a URL keeps its path and its key", async () => {
  const asked = vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({}));
  await askGeocoder(`${URL_}/nominatim/?key=a%26b`, { lat: "1.000", long: "2.000" });
  expect(String(asked.mock.calls[0]?.[0])).toBe(
    `${URL_}/nominatim/reverse?key=a%26b&format=jsonv2&lat=1.000&lon=2.000`,
  );
  vi.restoreAllMocks();
});

it("an answer is kept for 90 days: the same position is not asked for again", async () => {
  const [one, two] = [await createPerson(), await createPerson()];
  const at = somewhere();
  const first = geocoded(one);
  await createLocation(first.ctx, at);
  expect(first.jobs).toEqual([job(one)]);
  await geocode(first.ctx, job(one));
  const second = geocoded(two);
  expect(await createLocation(second.ctx, { ...at, lat: `${at.lat}2` })).toMatchObject(TASHKENT);
  expect(second.jobs).toEqual([]);
  expect(await requestsFor(at)).toHaveLength(1);

  const key = Object.values(at).join();
  const kept = await hubDb
    .prepare("SELECT expires_at FROM hub_addresses WHERE position = ?")
    .bind(key)
    .first<{ expires_at: number }>();
  const days = (kept!.expires_at - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(89.9);
  await hubDb.prepare("UPDATE hub_addresses SET expires_at = 1 WHERE position = ?").bind(key).run();
  await updateLocation(second.ctx, at);
  expect(second.jobs).toEqual([job(two)]);
  expect(await removeOldAddresses(second.ctx)).toBeGreaterThan(0);
  expect(await removeOldAddresses(second.ctx)).toBe(0);
  expect(await hubDb.prepare("SELECT 1 FROM hub_addresses WHERE position = ?").bind(key).first()).toBe(null);
});

it.each<[string, Fault]>([
  ["is down", { status: 503 }],
  ["has too many requests", { status: 429 }],
  ["answers with HTML", { body: "<html>" }],
  ["answers with an array", { body: "[]" }],
  ["answers with null", { body: "null" }],
  ["answers with a number as address", { body: '{"address":7}' }],
  ["answers with a megabyte", { body: `{"a":"${"x".repeat(1e6)}"}` }],
  ["is slow", { delayMs: 4000 }],
])("while the geocoder %s, the table's address stays, and the next try has it", async (_name, what) => {
  const person = await createPerson();
  const { ctx } = geocoded(person);
  const at = somewhere();
  await fault(at, what);
  await createLocation(ctx, at);
  await expect(geocode(ctx, job(person))).rejects.toThrow();
  expect(await rowOf(person)).toMatchObject({ country: "Uzbekistan", city: "Tashkent", county: null });
  await geocode(ctx, job(person));
  expect(await rowOf(person)).toMatchObject({ ...TASHKENT, address_due_at: null });
});

it("an error of the geocoder quotes nothing of its answer", async () => {
  const at = somewhere();
  await fault(at, { body: "secret street 7" });
  const error = await askGeocoder(URL_, at).catch((each) => each);
  expect(String(error)).not.toMatch(/secret|41\.|69\./);
});

it("hostile names are cut to one line of at most 100 characters, and what is no text is null", async () => {
  const at = somewhere();
  const address = {
    country: `A\u0000B\n\u202eC ${"😀".repeat(500)}`,
    city: ["Tashkent"],
    town: "  ",
    village: { a: 1 },
    county: 7,
    neighbourhood: "\ud800x".repeat(20_000).slice(0, 3000),
  };
  await fault(at, { body: JSON.stringify({ address }) });
  const found = await askGeocoder(URL_, at);
  expect(found).toMatchObject({ city: null, county: null });
  expect(found.country).toMatch(/^A B C (😀)+$/u);
  for (const name of [found.country, found.neighbourhood]) {
    expect(name!.length).toBeLessThanOrEqual(100);
    expect(name!.isWellFormed()).toBe(true);
  }
});

it("any JSON is an address or an error, never more than four short texts", async () => {
  const answer = fc.oneof(fc.jsonValue(), fc.record({ address: fc.dictionary(fc.string(), fc.jsonValue()) }));
  await fc.assert(
    fc.asyncProperty(answer, async (value) => {
      vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(value));
      const found = await askGeocoder(URL_, { lat: "1", long: "2" }).catch(() => null);
      if (found) expect(Object.keys(found)).toEqual(["country", "city", "county", "neighbourhood"]);
    }),
    { numRuns: 50 },
  );
  vi.restoreAllMocks();
});

it("a town or a village stands for a city", async () => {
  for (const kind of ["town", "village"]) {
    const at = somewhere();
    await fault(at, { body: JSON.stringify({ address: { [kind]: "Parkent" } }) });
    expect(await askGeocoder(URL_, at)).toMatchObject({ city: "Parkent" });
  }
});

it("where the geocoder knows nothing, the table's address stays, and it is not asked again", async () => {
  const [one, two] = [await createPerson(), await createPerson()];
  const at = somewhere();
  await fault(at, { body: '{"error":"Unable to geocode"}' });
  const { ctx } = geocoded(one);
  await createLocation(ctx, at);
  await geocode(ctx, job(one));
  expect(await rowOf(one)).toMatchObject({ city: "Tashkent", county: null, address_due_at: null });
  const again = geocoded(two);
  expect(await createLocation(again.ctx, at)).toMatchObject({ city: "Tashkent", county: null });
  expect(again.jobs).toEqual([]);
});

it("an answer for a position that has changed meanwhile is not taken", async () => {
  const person = await createPerson();
  const { ctx } = geocoded(person);
  await createLocation(ctx, somewhere());
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (...args) => {
    const answer = await real(...args);
    await updateLocation(ctx, { lat: "39.6542", long: "66.9597" });
    return answer;
  });
  await geocode(ctx, job(person));
  vi.restoreAllMocks();
  expect(await rowOf(person)).toMatchObject({ city: "Samarkand", county: null });
  expect((await rowOf(person))!.address_due_at).not.toBe(null);
});

it("a job that comes twice, late or for nobody does nothing", async () => {
  const person = await createPerson();
  const { ctx } = geocoded(person);
  await geocode(ctx, job(person));
  const at = somewhere();
  await createLocation(ctx, at);
  await geocode(ctx, job(person));
  await geocode(ctx, job(person));
  expect(await requestsFor(at)).toHaveLength(1);
});

it("when the queue is down, the request succeeds, and cron asks once it is due", async () => {
  const person = await createPerson();
  const broken = geocoded(person, {
    HUB_JOBS: {
      send: () => Promise.reject(new Error("down")),
      sendBatch: () => Promise.reject(new Error("down")),
    },
  });
  await createLocation(broken.ctx, somewhere());
  const { ctx, jobs } = geocoded(person);
  expect(await requestAddresses(ctx)).toBe(0);
  await hubDb.prepare("UPDATE hub_locations SET address_due_at = 1 WHERE user_id = ?").bind(person.id).run();
  await expect(requestAddresses(broken.ctx)).rejects.toThrow("down");
  expect(await requestAddresses(ctx)).toBe(1);
  expect(jobs).toEqual([job(person)]);
  expect(await requestAddresses(ctx)).toBe(0);
});

it.each([
  ["Tashkent's edge", "41.3661", "69.2886", "Uzbekistan", "Tashkent"],
  ["Samarkand's centre", "39.6542", "66.9597", "Uzbekistan", "Samarkand"],
  ["Urgench", "41.5500", "60.6333", "Uzbekistan", "Urgench"],
  ["Nukus", "42.4531", "59.6103", "Uzbekistan", "Nukus"],
  ["Paris", "48.8566", "2.3522", "France", "Paris"],
  ["Suva, beside the antimeridian", "-18.1416", "178.4419", "Fiji", "Suva"],
  ["the open Pacific", "0", "-150", null, null],
  ["the Kyzylkum", "42.5", "63", null, null],
  ["the north pole", "90", "0", null, null],
])("without a geocoder, %s has country and city of the table", async (_name, lat, long, country, city) => {
  const person = await createPerson();
  const made = await createLocation(contextOf(person), { lat, long });
  expect(made).toMatchObject({ country, city, county: null, neighbourhood: null });
  expect(await rowOf(person)).toMatchObject({ address_due_at: null });
});

it("the table is found by its index: a position reads few rows", async () => {
  const plan = await env.HUB_DB.prepare(
    "EXPLAIN QUERY PLAN SELECT p.city FROM json_each('[1]') s CROSS JOIN hub_places p ON p.square = s.value",
  ).all<{ detail: string }>();
  expect(plan.results.map(({ detail }) => detail).join()).toContain("hub_places_square");
});
