import { expect, it } from "vitest";
import { call } from "../support/client.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";

it("a request without a token is 401 in the contract's words", async () => {
  expect(await call(null, "GET", "/api/posts/nothing/")).toMatchObject({
    status: 401,
    body: { detail: "Authentication credentials were not provided." },
  });
});

it("a token of nobody is 401", async () => {
  expect(await call("x.y.z", "GET", "/api/posts/nothing/")).toMatchObject({
    status: 401,
    body: { detail: "Given token not valid for any token type" },
  });
});

it("a token whose session has ended is 401", async () => {
  const person = await createPerson();
  expect(await person.call("GET", "/api/posts/nothing/")).toMatchObject({ status: 404 });
  await hubDb.prepare("DELETE FROM hub_sessions WHERE user_id = ?").bind(person.id).run();
  expect(await person.call("GET", "/api/posts/nothing/")).toMatchObject({ status: 401 });
});

it("an unknown path is 404 in the contract's words", async () => {
  const { call } = await createPerson();
  expect(await call("GET", "/api/posts/nothing/")).toMatchObject({
    status: 404,
    body: { error: "Resource not found" },
  });
});
