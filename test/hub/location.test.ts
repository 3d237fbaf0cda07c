import fc from "fast-check";
import { expect, it } from "vitest";
import { createLocation } from "../../src/hub/geo/change.ts";
import { LocationInput } from "../../src/hub/geo/schemas.ts";
import { call } from "../support/client.ts";
import { createPerson, hubDb, sendForm } from "../support/hub-client.ts";
import { contextOf } from "../support/hub-geo.ts";

const PATH = "/api/accounts/account/location/";
const HERE = { lat: "41.2995", long: "69.2401" };

it.each(["POST", "PUT", "DELETE"])("%s without a token is 401", async (method) => {
  expect(await call(null, method, PATH, HERE)).toMatchObject({ status: 401 });
});

it("both fields are required, and both problems are told", async () => {
  const { call } = await createPerson();
  for (const method of ["POST", "PUT"])
    expect(await call(method, PATH, {})).toMatchObject({
      status: 400,
      body: { details: { lat: ["This field is required."], long: ["This field is required."] } },
    });
});

const TOO_MANY = "Ensure that there are no more than 6 decimal places.";
const NO_NUMBER = "A valid number is required.";

it.each([
  ["90.000001", "Ensure this value is less than or equal to 90."],
  [-90.5, "Ensure this value is greater than or equal to -90."],
  ["1.1234567", TOO_MANY],
  [1e-7, TOO_MANY],
  [1e300, NO_NUMBER],
  ["", NO_NUMBER],
  [".", NO_NUMBER],
  ["north", NO_NUMBER],
  ["41,2995", NO_NUMBER],
  ["1e1", NO_NUMBER],
  ["NaN", NO_NUMBER],
  ["0x10", NO_NUMBER],
  ["١٢", NO_NUMBER],
  [true, NO_NUMBER],
  [null, NO_NUMBER],
  [[41], NO_NUMBER],
  [{}, NO_NUMBER],
  ["9".repeat(50_000), NO_NUMBER],
])("the latitude %j is 400", async (lat, sentence) => {
  const parsed = LocationInput().safeParse({ lat, long: "0" });
  expect(parsed.error?.issues.map(({ message }) => message)).toEqual([sentence]);
});

it("a longitude beyond 180 is 400 on its field", async () => {
  const { call } = await createPerson();
  expect(await call("POST", PATH, { lat: "0", long: "180.1" })).toMatchObject({
    status: 400,
    body: { details: { long: ["Ensure this value is less than or equal to 180."] } },
  });
});

it.each([
  ["41.2995", "41.2995"],
  [41.2995, "41.2995"],
  [" +041.290 ", "41.290"],
  [".5", "0.5"],
  ["5.", "5"],
  [-0, "0"],
  ["-0.0", "0.0"],
  ["-12.5", "-12.5"],
  [0.000001, "0.000001"],
  [90, "90"],
])("the latitude %j is answered as %s", (lat, expected) => {
  expect(LocationInput().parse({ lat, long: 0 })).toEqual({ lat: expected, long: "0" });
});

it("any position of up to six decimals is taken as it is, as a text and as a number", () => {
  const millionths = fc.integer({ min: -90_000_000, max: 90_000_000 });
  fc.assert(
    fc.property(millionths, (each) => {
      for (const lat of [each / 1e6, (each / 1e6).toFixed(6)])
        expect(Number(LocationInput().parse({ lat, long: 0 }).lat)).toBe(each / 1e6);
    }),
  );
});

it("a location is created, changed and deleted in the contract's shape", async () => {
  const person = await createPerson();
  const created = await person.call("POST", PATH, HERE);
  expect(created).toMatchObject({
    status: 201,
    body: { owner: person.id, ...HERE, country: "Uzbekistan", city: "Tashkent" },
  });
  const changed = await person.call("PUT", PATH.slice(0, -1), { lat: 39.6542, long: "66.9597" });
  expect(changed).toMatchObject({
    status: 200,
    body: { id: created.body.id, lat: "39.6542", long: "66.9597", created_at: created.body.created_at },
  });
  expect(await person.call("DELETE", PATH)).toMatchObject({ status: 204, body: "" });
  expect(await person.call("DELETE", PATH)).toMatchObject({ status: 404 });
});

it("a second location is 400, and leaves the first as it is", async () => {
  const person = await createPerson();
  await person.call("POST", PATH, HERE);
  expect(await person.call("POST", PATH, { lat: "1", long: "2" })).toMatchObject({
    status: 400,
    body: { details: { non_field_errors: [expect.any(String)] } },
  });
  const rows = await hubDb
    .prepare("SELECT lat, long FROM hub_locations WHERE user_id = ?")
    .bind(person.id)
    .all();
  expect(rows.results).toEqual([HERE]);
});

it("of ten first locations at once one is created", async () => {
  const person = await createPerson();
  const made = await Promise.all(Array.from({ length: 10 }, () => person.call("POST", PATH, HERE)));
  expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
});

it("changing or deleting a location that is not there is 404", async () => {
  const { call } = await createPerson();
  expect(await call("PUT", PATH, HERE)).toMatchObject({ status: 404, body: { error: "Resource not found" } });
  expect(await call("DELETE", PATH)).toMatchObject({ status: 404 });
});

it("others' locations stay as they are", async () => {
  const [owner, other] = [await createPerson(), await createPerson()];
  await owner.call("POST", PATH, HERE);
  await other.call("POST", PATH, { lat: "1", long: "2" });
  await other.call("DELETE", PATH);
  const [row] = (await hubDb.prepare("SELECT lat FROM hub_locations WHERE user_id = ?").bind(owner.id).all())
    .results;
  expect(row).toEqual({ lat: HERE.lat });
});

it("an account whose deletion has begun gets no location any more", async () => {
  const person = await createPerson();
  await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(person.id).run();
  await expect(createLocation(contextOf(person), HERE)).rejects.toMatchObject({ code: "invalid" });
  expect(await hubDb.prepare("SELECT 1 FROM hub_locations WHERE user_id = ?").bind(person.id).first()).toBe(
    null,
  );
});

it("a form and multipart are taken as JSON is", async () => {
  const [one, two] = [await createPerson(), await createPerson()];
  const type = { "content-type": "application/x-www-form-urlencoded" };
  expect(await one.call("POST", PATH, `lat=${HERE.lat}&long=${HERE.long}`, type)).toMatchObject({
    status: 201,
    body: HERE,
  });
  expect(await sendForm(two.token, "POST", PATH, HERE)).toMatchObject({ status: 201, body: HERE });
});

it("the eleventh change in an hour is 429 with the seconds to wait", async () => {
  const person = await createPerson();
  await person.call("POST", PATH, HERE);
  for (let each = 0; each < 9; each++)
    expect((await person.call("PUT", PATH, { lat: `${each}`, long: "0" })).status).toBe(200);
  const refused = await person.call("PUT", PATH, HERE);
  expect(refused).toMatchObject({ status: 429, body: { message: "Request was throttled" } });
  expect(Number(refused.headers.get("retry-after"))).toBe(refused.body.wait_seconds);
  expect((await person.call("DELETE", PATH)).status).toBe(204);
});
