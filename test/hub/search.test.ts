import { beforeAll, describe, expect, it } from "vitest";
import { searchPeople } from "../../src/hub/discovery/search.ts";
import { setWords } from "../../src/hub/people/words.ts";
import { unique } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { block, createNamed, markDeleted, meteredHub } from "../support/hub-people.ts";

let viewer: Person;
beforeAll(async () => {
  viewer = await createPerson();
});

const idsOf = async (key: string, by = viewer): Promise<number[]> => {
  const { status, body } = await by.call("GET", `/api/accounts/account/search/${encodeURIComponent(key)}/`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.map(({ id }: { id: number }) => id);
};

describe("a search", () => {
  it("needs a key of two letters", async () => {
    await createNamed({ first_name: "Y" });
    for (const key of ["y", "ў", "y'", "--", "%"]) expect(await idsOf(key)).toEqual([]);
    expect(await viewer.call("GET", "/api/accounts/account/search/")).toMatchObject({ status: 404 });
  });

  it("refuses a parameter that it does not know", async () => {
    expect(await viewer.call("GET", "/api/accounts/account/search/john/?limit=5")).toMatchObject({
      status: 400,
      body: { details: { limit: [expect.any(String)] } },
    });
  });

  it("is limited", async () => {
    const eager = await createPerson();
    await hubDb
      .prepare("INSERT INTO hub_limits (key, count, ends_at) VALUES (?, 60, ?)")
      .bind(`profile_search ${eager.id}`, Date.now() + 60_000)
      .run();
    expect(await eager.call("GET", "/api/accounts/account/search/john/")).toMatchObject({
      status: 429,
      body: { message: "Request was throttled", wait_seconds: expect.any(Number) },
    });
  });

  it("does not show somebody blocked, in either direction, or being deleted", async () => {
    const [one, other, gone, shown] = await Promise.all(
      ["", "", "", ""].map(() => createNamed({ first_name: "Quvonchbek" })),
    );
    await block(viewer.id, one!.id);
    await block(other!.id, viewer.id);
    await markDeleted(gone!.id);
    expect(await idsOf("quvonchbek")).toEqual([shown!.id]);
    expect(await idsOf(one!.username)).toEqual([]);
    expect(await idsOf(other!.username)).toEqual([]);
  });

  it.each([
    ["shahzod", "Шаҳзод"],
    ["Шахзод", "Shahzod"],
    ["oʻtk", "Ўткир"],
    ["ў'т", "O‘tkir"],
    ["yevg", "Евгений"],
    ["евг", "Yevgeniy"],
    ["umumiy", "Umumiyev"],
    ["umumiy", "Умумиев"],
    ["jose", "José"],
  ])("%s finds %s", async (key, first_name) => {
    const { id } = await createNamed({ first_name });
    expect(await idsOf(key)).toContain(id);
  });

  it("finds prefixes of username, first and last name, but nothing within a word", async () => {
    const number = unique();
    const { id } = await createNamed({
      username: `zolushka_${number}`,
      first_name: "Qaldirgoch",
      last_name: "Xolmatova",
    });
    for (const key of ["zolush", `zolushka_${number}`, `${number}`, "Қалдир", "XOLMAT", "@zolushka"])
      expect(await idsOf(key), key).toEqual([id]);
    for (const key of ["olushka", "aldir", "lmatova"]) expect(await idsOf(key), key).toEqual([]);
  });

  it("needs all words of the key, in any order", async () => {
    const { id } = await createNamed({ first_name: "Muhammad Ali", last_name: "Karimjonov" });
    await createNamed({ first_name: "Muhammad Ali", last_name: "Sobirov" });
    await createNamed({ first_name: "Valijon", last_name: "Karimjonov" });
    for (const key of [
      "muhammad ali kar",
      "karimjonov muham",
      "ali karimjonov",
      "muhammad  karimj",
      "kar muh",
    ])
      expect(await idsOf(key), key).toEqual([id]);
    expect(await idsOf("karimjonov zzz")).toEqual([]);
  });

  it("shows first who has the key as username, then 50 at most", async () => {
    const name = `kop${unique()}`;
    for (let nth = 0; nth < 55; nth++)
      await createNamed({ username: `${name}a${nth}`, first_name: `${name} x`, last_name: name });
    const exact = await createNamed({ username: name.toUpperCase(), first_name: "Z" });
    const found = await idsOf(name);
    expect(found[0]).toBe(exact.id);
    expect(found).toHaveLength(50);
    expect(new Set(found).size).toBe(50);
  });

  it("answers with a page on request", async () => {
    const name = `sahifa${unique()}`;
    const people = [await createNamed({ first_name: name }), await createNamed({ first_name: name })];
    const { body } = await viewer.call("GET", `/api/accounts/account/search/${name}/?page=2&page_size=1`);
    expect(body).toMatchObject({ count: 2, next: null, results: [{ id: people[1]!.id }] });
  });

  it("finds names as they are now, and nobody by an old one", async () => {
    const { id } = await createNamed({ first_name: "Eskinom" });
    await hubContext().db.batch(setWords(id, { username: null, first_name: "Yanginom", last_name: "" }));
    expect(await idsOf("eskinom")).toEqual([]);
    expect(await idsOf("yanginom")).toEqual([id]);
  });
});

describe("among 5,000 people with the same name", () => {
  beforeAll(async () => {
    await hubDb.batch([
      hubDb.prepare(`
        INSERT INTO hub_users (email, username, first_name, last_name, date_joined)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        SELECT 'many' || i || '@many.example', 'tursunali' || i, 'Tursunali', 'Tursunov' || i, 1 FROM n`),
      hubDb.prepare(`
        INSERT INTO hub_words (word, user_id) SELECT value, hub_users.id FROM hub_users, json_each(json_array(
          lower(username), 'tursunali ' || lower(last_name), lower(last_name) || ' tursunali'))
        WHERE email LIKE 'many%'`),
    ]);
  });

  it.each([
    ["tursunali", 250],
    ["tursun", 250],
    ["tu", 250],
    ["tursunali tursunov77", 250],
    ["tursunov tursunali", 250],
    ["tursunali nobody", 250],
    ["tursunali77 tursunali", 250],
    ["nobodyhere", 5],
  ])("%s reads at most %i rows", async (key, most) => {
    const { ctx, meter } = meteredHub(viewer.id);
    await searchPeople(ctx, key);
    expect(meter.read).toBeLessThanOrEqual(most);
  });

  it("a change of the name writes only what differs", async () => {
    const { ctx, meter } = meteredHub(viewer.id);
    const person = await createNamed({ first_name: "Birinchi", last_name: "Familiya" });
    await ctx.db.batch(
      setWords(person.id, { username: person.username, first_name: "Birinchi", last_name: "Familiya" }),
    );
    expect(meter.written).toBe(0);
  });
});
