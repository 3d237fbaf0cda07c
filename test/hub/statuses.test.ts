import { expect, it } from "vitest";
import { createPerson } from "../support/hub-client.ts";

const PATH = "/api/accounts/account/status/";

it("without a status GET, PUT and DELETE are 404", async () => {
  const me = await createPerson();
  for (const [method, body] of [["GET"], ["PUT", { content: "x" }], ["DELETE"]] as [string, object?][])
    expect(await me.call(method, PATH, body), method).toMatchObject({
      status: 404,
      body: { error: "Resource not found" },
    });
});

it("no text, a blank one and one of more than 55 characters are 400", async () => {
  const me = await createPerson();
  for (const [content, sentence] of [
    [undefined, "This field is required."],
    ["  ", "This field may not be blank."],
    [5, "Not a valid string."],
    ["x".repeat(56), "Ensure this field has no more than 55 characters."],
    ["😀".repeat(56), expect.stringContaining("Ensure this field has no more than")],
  ])
    expect(await me.call("POST", PATH, { content })).toMatchObject({
      status: 400,
      body: { details: { content: [sentence] } },
    });
});

it("a status is set once, changed and deleted", async () => {
  const [me, other] = [await createPerson(), await createPerson()];
  const { status, body } = await me.call("POST", PATH, { content: "😀".repeat(55) });
  expect(status).toBe(201);
  expect(body).toEqual({
    ...{ id: expect.any(Number), user: me.id, content: "😀".repeat(55) },
    ...{ created_at: expect.stringMatching(/Z$/), updated_at: body.created_at },
  });
  expect(await me.call("POST", PATH, { content: "Busy" })).toMatchObject({ status: 400 });
  expect((await me.call("GET", PATH)).body).toEqual(body);
  expect(await me.form("PUT", PATH, { content: "Available now" })).toMatchObject({
    status: 200,
    body: { id: body.id, content: "Available now", created_at: body.created_at },
  });
  expect(await other.call("GET", PATH)).toMatchObject({ status: 404 });
  expect(await me.call("DELETE", PATH)).toMatchObject({ status: 204 });
  expect(await me.call("GET", PATH)).toMatchObject({ status: 404 });
});
