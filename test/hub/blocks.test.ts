import { expect, it } from "vitest";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";

const PATH = "/api/accounts/account/block/";
const add = (by: Person, blocked_user: unknown) => by.call("POST", PATH, { blocked_user });
const contactsBetween = async (one: number, other: number): Promise<number> =>
  (await hubDb
    .prepare(
      "SELECT count(*) AS n FROM hub_contacts WHERE ?1 IN (owner_id, contact_id) AND ?2 IN (owner_id, contact_id)",
    )
    .bind(one, other)
    .first<number>("n"))!;

it("oneself, nobody, one being deleted, one blocked already and no number are 400", async () => {
  const [me, other, gone] = [await createPerson(), await createPerson(), await createPerson()];
  await markDeleted(gone.id);
  await block(me.id, other.id);
  const nobody = 999_999_999;
  for (const [given, sentence] of [
    [me.id, "You cannot block yourself."],
    [other.id, "You have already blocked this user."],
    [nobody, `Invalid pk "${nobody}" - object does not exist.`],
    [gone.id, `Invalid pk "${gone.id}" - object does not exist.`],
    ["x", "A valid integer is required."],
    [null, "A valid integer is required."],
    [undefined, "This field is required."],
  ])
    expect(await add(me, given), String(given)).toMatchObject({
      status: 400,
      body: { error: "Invalid request data", details: { blocked_user: [sentence] } },
    });
});

it("one who has blocked the caller is not there", async () => {
  const [me, blocker] = [await createPerson(), await createPerson()];
  await block(blocker.id, me.id);
  expect(await add(me, blocker.id)).toMatchObject({
    status: 400,
    body: { details: { blocked_user: [`Invalid pk "${blocker.id}" - object does not exist.`] } },
  });
});

it("a block is answered, listed, found by the user's id and ended", async () => {
  const me = await createPerson();
  const other = await createPerson({ first_name: "Ali", last_name: "Valiyev", picture: "k1" });
  const { status, body } = await add(me, String(other.id));
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(Number),
    user: me.id,
    blocked_user: {
      ...{ id: other.id, username: other.username, full_name: "Ali Valiyev" },
      profile_picture: "https://xabar.test/media/k1",
    },
    created_at: expect.stringMatching(/Z$/),
  });
  expect((await me.call("GET", PATH)).body).toEqual([body]);
  expect((await me.call("GET", `${PATH}${other.id}/`)).body).toEqual(body);
  expect(await me.call("DELETE", `${PATH}${other.id}/`)).toMatchObject({ status: 204 });
  expect(await me.call("DELETE", `${PATH}${other.id}/`)).toMatchObject({ status: 404 });
  expect(await me.call("GET", `${PATH}${other.id}/`)).toMatchObject({ status: 404 });
  expect((await me.call("GET", PATH)).body).toEqual([]);
});

it("a form and multipart/form-data block too", async () => {
  const [me, one, other] = [await createPerson(), await createPerson(), await createPerson()];
  expect(await me.form("POST", PATH, { blocked_user: String(one.id) })).toMatchObject({ status: 201 });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect(await me.call("POST", PATH, `blocked_user=${other.id}`, form)).toMatchObject({ status: 201 });
});

it("another's block is 404, and stays", async () => {
  const [me, other, foreign] = [await createPerson(), await createPerson(), await createPerson()];
  await block(other.id, foreign.id);
  for (const method of ["GET", "DELETE"])
    expect(await me.call(method, `${PATH}${foreign.id}/`)).toMatchObject({ status: 404 });
  // The one who is blocked learns nothing.
  expect((await foreign.call("GET", PATH)).body).toEqual([]);
  expect(await foreign.call("GET", `${PATH}${other.id}/`)).toMatchObject({ status: 404 });
  expect(await other.call("GET", `${PATH}${foreign.id}/`)).toMatchObject({ status: 200 });
});

it("a block ends the contacts of both, and a refused one ends none", async () => {
  const [me, other, blocker] = [await createPerson(), await createPerson(), await createPerson()];
  await addContact(me.id, other.id);
  await addContact(other.id, me.id);
  await addContact(other.id, blocker.id);
  await block(blocker.id, me.id);
  await addContact(me.id, blocker.id);
  await add(me, blocker.id);
  expect(await contactsBetween(me.id, blocker.id)).toBe(1);
  expect(await add(me, other.id)).toMatchObject({ status: 201 });
  expect(await contactsBetween(me.id, other.id)).toBe(0);
  expect(await contactsBetween(other.id, blocker.id)).toBe(1);
});

it("likes stay counted", async () => {
  const [me, other] = [await createPerson(), await createPerson()];
  const post = crypto.randomUUID();
  await hubDb.batch([
    hubDb.prepare("INSERT INTO hub_posts (id, owner_id, created_at) VALUES (?, ?, 1)").bind(post, me.id),
    hubDb
      .prepare("INSERT INTO hub_likes (id, post_id, owner_id, created_at) VALUES (?, ?, ?, 1)")
      .bind(crypto.randomUUID(), post, other.id),
  ]);
  await add(me, other.id);
  expect(
    await hubDb.prepare("SELECT like_count FROM hub_posts WHERE id = ?").bind(post).first("like_count"),
  ).toBe(1);
});

it("of ten requests at once one blocks", async () => {
  const [me, other] = [await createPerson(), await createPerson()];
  const answers = await Promise.all(Array.from({ length: 10 }, () => add(me, other.id)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(400)]);
});

it("a list without page is an array of 1,000 with a Link, and with page has a count", async () => {
  const me = await createPerson();
  await hubDb.batch([
    hubDb.prepare(`
      INSERT INTO hub_users (email, date_joined)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
      SELECT 'blocked' || i || '@many.example', 1 FROM n`),
    hubDb
      .prepare(`
        INSERT INTO hub_blocks (user_id, blocked_id, created_at)
        SELECT ?, id, 1 FROM hub_users WHERE email LIKE 'blocked%'`)
      .bind(me.id),
  ]);
  const all = await me.call("GET", PATH);
  expect(all.body).toHaveLength(1000);
  expect(all.headers.get("link")).toMatch(
    /^<https:\/\/xabar\.test\/api\/accounts\/account\/block\/\?page=41>; rel="next"$/,
  );
  const { body } = await me.call("GET", `${PATH}?page=11&page_size=100`);
  expect(body).toMatchObject({ count: 1001, next: null, previous: expect.stringContaining("page=10") });
  expect(body.results).toHaveLength(1);
  expect(await me.call("GET", `${PATH}?page=12&page_size=100`)).toMatchObject({ status: 404 });
});
