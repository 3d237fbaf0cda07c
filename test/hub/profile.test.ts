import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startSession } from "../../src/hub/auth/sessions.ts";
import { wordsOf } from "../../src/hub/people/words.ts";
import { call, unique } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { lastMailTo, mailsTo } from "../support/hub-mail.ts";
import { taggedPng } from "../support/pictures.ts";
import { waitFor } from "../support/wait.ts";

const PROFILE = "/api/accounts/account/profile/";
const CHECK = "/api/accounts/account/check/username/";

const patch = (person: Person, fields: object) => person.call("PATCH", PROFILE, fields);

const wordsIn = async ({ id }: Person) => {
  const { results } = await hubDb
    .prepare("SELECT word FROM hub_words WHERE user_id = ? ORDER BY word")
    .bind(id)
    .all<{ word: string }>();
  return results.map(({ word }) => word);
};

const picture = () => new File([taggedPng(1)], "me.png", { type: "image/png" });

describe("reading one's profile", () => {
  it("a request without a token is 401", async () => {
    expect((await call(null, "GET", PROFILE)).status).toBe(401);
    expect((await call(null, "PATCH", PROFILE, {})).status).toBe(401);
  });

  it("has every field, with null for what is not set", async () => {
    const person = await createPerson({ username: null, date_joined: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    const { status, body } = await person.call("GET", PROFILE);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ id: person.id, first_name: "", last_name: "", email: person.email, username: null, bio: "" },
      ...{ profile_picture: null, phone: null, is_private: false, is_active: true, is_staff: false },
      ...{ date_joined: "2026-01-02T03:04:05Z", location: null, status: null },
      last_login: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      last_online: expect.stringMatching(/Z$/),
    });
  });

  it("has the location without its owner and the status without its user", async () => {
    const person = await createPerson();
    await hubDb.batch([
      hubDb
        .prepare(
          "INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, country, created_at, updated_at) VALUES (?, '41.2995', '69.2401', 1, 1, 'Uzbekistan', 1000, 2000)",
        )
        .bind(person.id),
      hubDb
        .prepare(
          "INSERT INTO hub_statuses (user_id, content, created_at, updated_at) VALUES (?, 'Busy', 1000, 1000)",
        )
        .bind(person.id),
    ]);
    const { body } = await person.call("GET", PROFILE);
    expect(body.location).toEqual({
      ...{ id: expect.any(Number), lat: "41.2995", long: "69.2401", country: "Uzbekistan", city: null },
      ...{ county: null, neighbourhood: null },
      ...{ created_at: "1970-01-01T00:00:01Z", update_at: "1970-01-01T00:00:02Z" },
    });
    expect(body.status).toEqual({
      ...{ id: expect.any(Number), content: "Busy" },
      ...{ created_at: "1970-01-01T00:00:01Z", updated_at: "1970-01-01T00:00:01Z" },
    });
  });
});

describe("changing one's profile", () => {
  it.each([
    ["a", "at least 3"],
    ["a".repeat(33), "no more than 32"],
    ["with blank", "valid username"],
    ["ўзбек", "valid username"],
    ["a/b", "valid username"],
    ["me@x", "valid username"],
    [7, "valid string"],
  ])("the username %j is 400 on username", async (username, sentence) => {
    const { status, body } = await patch(await createPerson(), { username });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { username: expect.arrayContaining([expect.stringContaining(sentence)]) } },
    });
  });

  it("a username that somebody has in another case is 400, and nothing changes", async () => {
    const [one, other] = [await createPerson(), await createPerson()];
    const { status, body } = await patch(one, { username: other.username.toUpperCase(), bio: "new" });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { username: ["A user with that username already exists."] } },
    });
    expect((await one.call("GET", PROFILE)).body).toMatchObject({ username: one.username, bio: "" });
  });

  it("every bad field is named", async () => {
    const wrong = { phone: "call me", is_private: "perhaps", password: "short", profile_picture: "<file>" };
    const { status, body } = await patch(await createPerson(), wrong);
    expect(status).toBe(400);
    expect(Object.keys(body.details).sort()).toEqual(Object.keys(wrong).sort());
  });

  it("of two at once who want one username, one gets it and the other is 400", async () => {
    const people = await Promise.all([createPerson(), createPerson(), createPerson()]);
    const username = `one${unique()}`;
    const answers = await Promise.all(people.map((each) => patch(each, { username })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    for (const { status, body } of answers)
      if (status === 400) expect(body.details).toHaveProperty("username");
  });

  it("changes what is given, and leaves the rest", async () => {
    const person = await createPerson({ bio: "old", phone: "+998901234567" });
    const username = `New.Name_${unique()}`.slice(0, 32);
    const fields = { first_name: " Ali ", username, is_private: true, phone: "+998 (90) 765-43-21" };
    const { status, body } = await patch(person, fields);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ first_name: "Ali", last_name: "", username, bio: "old", is_private: true, phone: "+998907654321" },
    });
    expect((await person.call("GET", PROFILE)).body).toEqual(body);
    expect((await patch(person, { phone: "" })).body.phone).toBeNull();
    expect((await patch(person, {})).body).toMatchObject({ username, first_name: "Ali", phone: null });
  });

  it("one's own username in another case is taken as it is given", async () => {
    const person = await createPerson();
    const username = person.username.toUpperCase();
    expect(await patch(person, { username })).toMatchObject({ status: 200, body: { username } });
  });

  it("takes a form as well", async () => {
    const person = await createPerson();
    const { status, body } = await call(
      person.token,
      "PATCH",
      PROFILE.slice(0, -1),
      "bio=from+a+form&is_private=true",
      { "content-type": "application/x-www-form-urlencoded" },
    );
    expect({ status, body }).toMatchObject({ status: 200, body: { bio: "from a form", is_private: true } });
  });

  it("a new name is found by the search at once", async () => {
    const person = await createPerson();
    await patch(person, { first_name: "Шаҳзод", last_name: "Karimov" });
    const names = { username: person.username, first_name: "Шаҳзод", last_name: "Karimov" };
    expect(await wordsIn(person)).toEqual(wordsOf(names).sort());
  });

  it("names changed at the same moment leave the search words of the names that are stored", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record(
            { first_name: fc.constantFrom("Ali", "Vali"), last_name: fc.constantFrom("Karimov", "Salimov") },
            { requiredKeys: [] },
          ),
          { minLength: 2, maxLength: 4 },
        ),
        async (changes) => {
          const person = await createPerson();
          await Promise.all(changes.map((fields) => patch(person, fields)));
          const { body } = await patch(person, { bio: "end" });
          expect(await wordsIn(person)).toEqual(wordsOf(body).sort());
        },
      ),
      { numRuns: 8 },
    );
  });
});

describe("the picture", () => {
  it("is stored, used, replaced and removed", async () => {
    const person = await createPerson();
    const first = await person.form("PATCH", PROFILE, { profile_picture: picture(), bio: "with a picture" });
    expect(first).toMatchObject({ status: 200, body: { bio: "with a picture" } });
    const url: string = first.body.profile_picture;
    expect(url).toMatch(/^https:\/\/xabar\.test\/media\/[0-9a-f]{32}$/);
    const path = new URL(url).pathname;
    expect((await call(null, "GET", path)).status).toBe(200);
    const row = await hubDb
      .prepare("SELECT is_used, kind, owner_id FROM hub_files WHERE key = ?")
      .bind(path.slice(7))
      .first();
    expect(row).toEqual({ is_used: 1, kind: "profile", owner_id: person.id });

    const second = await person.form("PATCH", PROFILE, { profile_picture: picture() });
    expect(second.body.profile_picture).not.toBe(url);
    expect((await call(null, "GET", path)).status).toBe(404);

    expect((await patch(person, { profile_picture: null })).body.profile_picture).toBeNull();
    expect((await call(null, "GET", new URL(second.body.profile_picture).pathname)).status).toBe(404);
    await waitFor(async () => {
      const { results } = await hubDb
        .prepare("SELECT 1 FROM hub_files WHERE owner_id = ?")
        .bind(person.id)
        .all();
      expect(results).toEqual([]);
    });
  });

  it("that is no picture is 400 on its field", async () => {
    const person = await createPerson();
    const page = new File(["<html>"], "me.png", { type: "image/png" });
    const { status, body } = await person.form("PATCH", PROFILE, { profile_picture: page });
    expect({ status, body }).toMatchObject({ status: 400, body: { details: { profile_picture: [/./] } } });
  });
});

describe("a new password without the old one", () => {
  it("ends all other sessions but not this one, and mails the owner a link", async () => {
    const person = await createPerson({ language: "ru" });
    const other = await startSession(hubContext(), person.id);
    const stranger = await createPerson();
    expect((await patch(person, { password: "a new password" })).status).toBe(200);
    expect((await person.call("GET", PROFILE)).status).toBe(200);
    expect((await call(other.access, "GET", PROFILE)).status).toBe(401);
    expect((await stranger.call("GET", PROFILE)).status).toBe(200);
    const mail = await lastMailTo(person.email);
    expect(mail).toMatchObject({ kind: "password-changed", language: "ru" });
    expect(mail.values.link).toMatch(
      /^https:\/\/xabar\.test\/api\/accounts\/auth\/reset-password\/[\w-]{43}\/$/,
    );
    const { results } = await hubDb
      .prepare("SELECT link_digest FROM hub_resets WHERE user_id = ?")
      .bind(person.id)
      .all<{ link_digest: string }>();
    expect(results).toHaveLength(1);
    expect(mail.values.link).not.toContain(results[0]!.link_digest);
  });

  it("is stored as an argon2id hash, and no answer has it", async () => {
    const person = await createPerson();
    const { body } = await patch(person, { password: "a new password" });
    expect(JSON.stringify(body)).not.toMatch(/a new password|argon2/);
    const row = await hubDb
      .prepare("SELECT password FROM hub_users WHERE id = ?")
      .bind(person.id)
      .first<{ password: string }>();
    expect(row!.password).toMatch(/^\$argon2id\$/);
  });

  it("is 429 after ten of them in an hour", async () => {
    const person = await createPerson();
    await hubDb
      .prepare("INSERT INTO hub_limits (key, count, ends_at) VALUES (?, 10, ?)")
      .bind(`new_password user ${person.id}`, Date.now() + 60_000)
      .run();
    const { status, body } = await patch(person, { password: "a new password" });
    expect({ status, body }).toMatchObject({ status: 429, body: { wait_seconds: expect.any(Number) } });
    expect(await mailsTo(person.email)).toEqual([]);
  });
});

describe("checking a username", () => {
  it("without one is 400", async () => {
    const { status, body } = await (await createPerson()).call("GET", CHECK);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { details: { username: ["This field is required."] } },
    });
  });

  it("a taken one, in any case, is not available; a free one is", async () => {
    const [one, other] = [await createPerson(), await createPerson()];
    const isFree = async (name: string) =>
      (await one.call("GET", `${CHECK}?username=${encodeURIComponent(name)}`)).body;
    expect(await isFree(other.username)).toEqual({ available: false });
    expect(await isFree(other.username.toUpperCase())).toEqual({ available: false });
    expect(await isFree(one.username)).toEqual({ available: false });
    expect(await isFree(`free${unique()}`)).toEqual({ available: true });
    expect(await isFree("no good")).toEqual({ available: false });
  });
});
