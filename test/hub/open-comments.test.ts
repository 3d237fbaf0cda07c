import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { call } from "../support/client.ts";
import { createPerson, hubDb, sendForm } from "../support/hub-client.ts";

const PATH = "/api/comments/comment";

/** An address that no other test uses. */
let address: { "cf-connecting-ip": string };
let next = 0;
beforeEach(async () => {
  address = { "cf-connecting-ip": `203.0.113.${next++}` };
  await hubDb.batch([
    hubDb.prepare("DELETE FROM hub_comments"),
    hubDb.prepare("DELETE FROM sqlite_sequence WHERE name = 'hub_comments'"),
  ]);
});

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
const post = (body: unknown, path = PATH) => call<any>(null, "POST", path, body, address);
// biome-ignore lint/suspicious/noExplicitAny: as above
const get = (path = PATH) => call<any>(null, "GET", path, undefined, address);

const fill = (count: number) =>
  hubDb
    .prepare(
      "INSERT INTO hub_comments (content, created_at) SELECT 'n' || value, 1e12 FROM json_each(?) ORDER BY value",
    )
    .bind(JSON.stringify(Array.from({ length: count }, (_, each) => each + 1)))
    .run();

it.each([
  [{}, "This field is required."],
  [{ content: "" }, "This field may not be blank."],
  [{ content: " \n" }, "This field may not be blank."],
  [{ content: "x".repeat(2001) }, "Ensure this field has no more than 2000 characters."],
  [{ content: 7 }, "Not a valid string."],
  [{ content: ["a"] }, "Not a valid string."],
  [{ content: "a\0b" }, "Null characters are not allowed."],
])("the comment %j is 400", async (body, sentence) => {
  expect(await post(body)).toMatchObject({ status: 400, body: { details: { content: [sentence] } } });
  expect((await get()).body).toEqual([]);
});

it("anybody writes and reads, with and without a slash, and a bad token is no reason to refuse", async () => {
  const first = await post({ content: " Salom! " });
  expect(first).toMatchObject({ status: 201, body: { content: "Salom!" } });
  expect(Object.keys(first.body)).toEqual(["id", "content", "created_at"]);
  const second = await post({ content: "x".repeat(2000) }, `${PATH}/`);
  expect(second.status).toBe(201);
  const { token } = await createPerson();
  for (const each of [null, token, "x.y.z"])
    for (const path of [PATH, `${PATH}/`])
      expect((await call(each, "GET", path, undefined, address)).body).toEqual([second.body, first.body]);
});

it("a form and multipart are taken as JSON is, and HTML stays text", async () => {
  const type = { "content-type": "application/x-www-form-urlencoded", ...address };
  expect(await call(null, "POST", PATH, "content=a+%3Cb%3E", type)).toMatchObject({
    status: 201,
    body: { content: "a <b>" },
  });
  expect(await sendForm(null, "POST", PATH, { content: "oʻzbekcha" })).toMatchObject({
    status: 201,
    body: { content: "oʻzbekcha" },
  });
});

it("an address writes ten a minute: the eleventh is 429, and another address goes on", async () => {
  for (let each = 0; each < 10; each++) expect((await post({ content: `${each}` })).status).toBe(201);
  const refused = await post({ content: "more" });
  expect(refused).toMatchObject({ status: 429, body: { message: "Request was throttled" } });
  expect(refused.headers.get("retry-after")).toBe(String(refused.body.wait_seconds));
  expect((await get()).status).toBe(200);
  address = { "cf-connecting-ip": "203.0.113.250" };
  expect((await post({ content: "more" })).status).toBe(201);
});

it("addresses of one IPv6 network count as one", async () => {
  for (let each = 0; each < 10; each++) {
    address = { "cf-connecting-ip": `2001:db8:1:2::${each + 1}` };
    expect((await post({ content: `${each}` })).status).toBe(201);
  }
  address = { "cf-connecting-ip": "2001:db8:1:2:ffff::1" };
  expect((await post({ content: "more" })).status).toBe(429);
});

it("the list ends at the newest 100, and Link leads to the rest", async () => {
  await fill(101);
  const { body, headers } = await get();
  expect(body).toHaveLength(100);
  expect(body[0]).toEqual({ id: 101, content: "n101", created_at: "2001-09-09T01:46:40Z" });
  expect(headers.get("link")).toBe(`<https://xabar.test${PATH}?page=5>; rel="next"`);
  await hubDb.prepare("DELETE FROM hub_comments WHERE id = 101").run();
});

it("a list that is whole has no Link", async () => {
  await fill(100);
  const { body, headers } = await get();
  expect(body).toHaveLength(100);
  expect(headers.get("link")).toBe(null);
});

it("pages have every comment once, and a page past the end is 404", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      async (count, size) => {
        await hubDb.batch([
          hubDb.prepare("DELETE FROM hub_comments"),
          hubDb.prepare("DELETE FROM sqlite_sequence WHERE name = 'hub_comments'"),
        ]);
        await fill(count);
        const ids: number[] = [];
        let url: string | null = `${PATH}?page=1&page_size=${size}`;
        while (url) {
          const page: Awaited<ReturnType<typeof get>> = await get(url);
          expect(page.body.count).toBe(count);
          ids.push(...page.body.results.map(({ id }: { id: number }) => id));
          url = page.body.next?.replace("https://xabar.test", "") ?? null;
        }
        expect(ids).toEqual(Array.from({ length: count }, (_, each) => count - each));
        const past = Math.floor(count / size) + 2;
        expect((await get(`${PATH}?page=${past}&page_size=${size}`)).status).toBe(404);
      },
    ),
    { numRuns: 15 },
  );
});

it("a deep page reads as few rows as the first", async () => {
  await fill(20_000);
  const plan = await hubDb
    .prepare(
      "SELECT id FROM hub_comments WHERE id <= (SELECT coalesce(max(id), 0) FROM hub_comments) - 10000 ORDER BY id DESC LIMIT 25",
    )
    .all();
  expect(plan.meta.rows_read).toBeLessThan(30);
  expect((await get(`${PATH}?page=401`)).body.results[0].id).toBe(10_000);
  expect((await get(`${PATH}?page=402`)).status).toBe(404);
});
