import { expect, it } from "vitest";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";

const PATH = "/api/accounts/account/contact/";
const add = (by: Person, contact: unknown, nikname?: string) => by.call("POST", PATH, { contact, nikname });
const people = (count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, () => createPerson()));
const nobody = (id: number) => `Invalid pk "${id}" - object does not exist.`;

it("oneself, a contact, nobody and somebody not seen are 400", async () => {
  const [me, known, blocked, blocker, gone] = (await people(5)) as [Person, Person, Person, Person, Person];
  await add(me, known.id);
  await block(me.id, blocked.id);
  await block(blocker.id, me.id);
  await markDeleted(gone.id);
  for (const [given, sentence] of [
    [me.id, "You cannot add yourself."],
    [known.id, "This user is already a contact."],
    [999_999_999, nobody(999_999_999)],
    [blocked.id, nobody(blocked.id)],
    [blocker.id, nobody(blocker.id)],
    [gone.id, nobody(gone.id)],
    ["1.5", "A valid integer is required."],
    [undefined, "This field is required."],
  ])
    expect(await add(me, given), String(given)).toMatchObject({
      status: 400,
      body: { error: "Invalid request data", details: { contact: [sentence] } },
    });
});

it("every bad field is named", async () => {
  const me = await createPerson();
  expect(await me.call("POST", PATH, { contact: "x", nikname: "n".repeat(151) })).toMatchObject({
    status: 400,
    body: { details: { contact: [expect.any(String)], nikname: [expect.any(String)] } },
  });
});

it("a contact is answered, listed, found by its own id, changed and removed", async () => {
  const [me, other, third] = (await people(3)) as [Person, Person, Person];
  const { status, body } = await add(me, other.id, " Do'stim ");
  expect(status).toBe(201);
  expect(body).toEqual({
    ...{ id: expect.any(Number), owner: me.id, contact: other.id, nikname: "Do'stim" },
    ...{ created_at: expect.stringMatching(/Z$/), update_at: expect.stringMatching(/Z$/) },
  });
  const path = `${PATH}${body.id}/`;
  expect((await me.call("GET", PATH)).body).toEqual([body]);
  expect((await me.call("GET", path)).body).toEqual(body);
  expect(await me.call("PATCH", path, { nikname: "" })).toMatchObject({ status: 200, body: { nikname: "" } });
  expect(await me.call("PUT", path, { nikname: "x" })).toMatchObject({
    status: 400,
    body: { details: { contact: ["This field is required."] } },
  });
  expect(await me.call("PUT", path, { contact: third.id, nikname: "Uch" })).toMatchObject({
    status: 200,
    body: { id: body.id, contact: third.id, nikname: "Uch", created_at: body.created_at },
  });
  expect(await me.call("PUT", path, { contact: third.id })).toMatchObject({ body: { nikname: "Uch" } });
  expect(await me.call("DELETE", path)).toMatchObject({ status: 204 });
  expect(await me.call("DELETE", path)).toMatchObject({ status: 404 });
  expect((await me.call("GET", PATH)).body).toEqual([]);
});

it("a contact cannot become oneself, another contact, or somebody not seen", async () => {
  const [me, one, two, blocker] = (await people(4)) as [Person, Person, Person, Person];
  const { body } = await add(me, one.id, "Bir");
  await add(me, two.id);
  await block(blocker.id, me.id);
  for (const [contact, sentence] of [
    [me.id, "You cannot add yourself."],
    [two.id, "This user is already a contact."],
    [blocker.id, nobody(blocker.id)],
    [999_999_999, nobody(999_999_999)],
  ])
    for (const method of ["PUT", "PATCH"])
      expect(await me.call(method, `${PATH}${body.id}/`, { contact, nikname: "z" })).toMatchObject({
        status: 400,
        body: { details: { contact: [sentence] } },
      });
  expect((await me.call("GET", `${PATH}${body.id}/`)).body).toEqual(body);
});

it("another's contact is 404 for every method, and stays", async () => {
  const [me, other, third] = (await people(3)) as [Person, Person, Person];
  const { body } = await add(other, third.id, "O'zim");
  const path = `${PATH}${body.id}/`;
  for (const method of ["GET", "PUT", "PATCH", "DELETE"])
    for (const by of [me, third])
      expect(await by.call(method, path, method === "GET" ? undefined : { contact: me.id })).toMatchObject({
        status: 404,
        body: { error: "Resource not found" },
      });
  expect((await other.call("GET", path)).body).toEqual(body);
});

it("somebody not seen is in no list and no detail", async () => {
  const [me, blocked, blocker, gone] = (await people(4)) as [Person, Person, Person, Person];
  for (const { id } of [blocked, blocker, gone]) await addContact(me.id, id);
  const rows = (await me.call("GET", PATH)).body as { id: number }[];
  expect(rows).toHaveLength(3);
  await block(me.id, blocked.id);
  await block(blocker.id, me.id);
  await markDeleted(gone.id);
  expect((await me.call("GET", PATH)).body).toEqual([]);
  expect((await me.call("GET", `${PATH}?page=1`)).body).toMatchObject({ count: 0, results: [] });
  for (const { id } of rows)
    for (const method of ["GET", "PATCH", "DELETE"])
      expect(await me.call(method, `${PATH}${id}/`, method === "PATCH" ? {} : undefined)).toMatchObject({
        status: 404,
      });
});

it("of ten requests at once one adds", async () => {
  const [me, other] = (await people(2)) as [Person, Person];
  const answers = await Promise.all(Array.from({ length: 10 }, () => add(me, other.id)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
  expect(
    await hubDb.prepare("SELECT count(*) AS n FROM hub_contacts WHERE owner_id = ?").bind(me.id).first("n"),
  ).toBe(1);
});
