import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmoji } from "../../src/lib/emoji.ts";
import { call } from "../support/client.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { block, leave, seedFile, seedStory, storedStory } from "../support/hub-stories.ts";
import { png, video } from "../support/pictures.ts";

const ACTIVE = "/api/stories/active/";

const picture = () => new File([png()], "sunset.png", { type: "image/png" });

/** Publishes a story through the door. */
async function publish(person: Person, fields: Record<string, string | string[]> = {}) {
  const { status, body } = await person.form("POST", ACTIVE, { media: picture(), ...fields });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

/** The path and query of a URL that an answer has. */
const pathOf = (url: string): string => url.slice(new URL(url).origin.length);

const look = (url: string) => call(null, "GET", pathOf(url));

const people = (count: number) => Promise.all(Array.from({ length: count }, () => createPerson()));

const details = (field: string, sentence: unknown) => ({
  status: 400,
  body: { error: "Invalid request data", details: { [field]: [sentence] } },
});

const sendForm = async ({ token }: Person, method: string, path: string, form: string) => {
  const response = await exports.default.fetch(
    new Request(`https://xabar.test${path}`, {
      ...{ method, body: form },
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
  return { status: response.status, body: (await response.json()) as any };
};

describe("what is refused", () => {
  it("a story without media, with a text as media, or with a wrong file is 400", async () => {
    const person = await createPerson();
    for (const caption of [{}, { caption: "x" }])
      expect(await person.call("POST", ACTIVE, caption)).toMatchObject(
        details("media", "This field is required."),
      );
    const notFile = details("media", expect.stringMatching(/^The submitted data was not a file/));
    for (const media of ["<file>", { key: await seedFile(person.id) }, null])
      expect(await person.call("POST", ACTIVE, { media })).toMatchObject(notFile);
    expect(await person.form("POST", ACTIVE, { media: "sunset.png" })).toMatchObject(notFile);
    const html = new File(["<script>"], "x.png", { type: "image/png" });
    expect(await person.form("POST", ACTIVE, { media: html })).toMatchObject({ status: 400 });
    expect(await person.form("POST", ACTIVE, { media: [picture(), picture()] })).toMatchObject({
      status: 400,
    });
    expect(await person.call("GET", ACTIVE)).toMatchObject({ body: [] });
  });

  it("every bad field of a story is named", async () => {
    const person = await createPerson();
    const { status, body } = await person.call("POST", ACTIVE, {
      ...{ caption: "x".repeat(2201), audience: "friends", marked: ["x"] },
    });
    expect({ status, body }).toEqual({
      status: 400,
      body: {
        error: "Invalid request data",
        details: {
          media: ["This field is required."],
          caption: ["Ensure this field has no more than 2200 characters."],
          audience: ['"friends" is not a valid choice.'],
          marked: ["A valid integer is required."],
        },
      },
    });
  });

  it("marking nobody that the user sees is 400, in the same words for a blocked and an unknown user", async () => {
    const [owner, blocker, blocked, seen] = (await people(4)) as [Person, Person, Person, Person];
    const gone = await createPerson();
    await leave(gone);
    await block(blocker, owner);
    await block(owner, blocked);
    const story = await seedStory(owner);
    for (const id of [blocker.id, blocked.id, gone.id, 999_999_999]) {
      const refused = details("marked", `Invalid pk "${id}" - object does not exist.`);
      const marked = [String(seen.id), String(id)];
      expect(await owner.form("POST", ACTIVE, { media: picture(), marked })).toMatchObject(refused);
      expect(await owner.call("PATCH", `${ACTIVE}${story}/`, { marked })).toMatchObject(refused);
    }
    expect(await owner.call("GET", ACTIVE)).toMatchObject({ body: [{ id: story, marked: [] }] });
    const many = Array.from({ length: 1001 }, (_, index) => index + 1);
    expect(await owner.call("PATCH", `${ACTIVE}${story}/`, { marked: many })).toMatchObject(
      details("marked", "Ensure this field has no more than 1000 elements."),
    );
  });

  it("other media for a story is 400, however it is sent, and changes nothing", async () => {
    const person = await createPerson();
    const story = await seedStory(person, { caption: "before" });
    const before = await storedStory(story);
    const path = `${ACTIVE}${story}/`;
    for (const media of ["x", null, {}])
      expect(await person.call("PATCH", path, { media, caption: "after" })).toMatchObject(
        details("media", "The media of a story cannot be changed."),
      );
    expect(await sendForm(person, "PATCH", path, "media=x&caption=after")).toMatchObject({ status: 400 });
    expect(await person.form("PATCH", path, { caption: "after", media: picture() })).toMatchObject(
      details("media", "No file is taken here."),
    );
    expect(await storedStory(story)).toEqual(before);
  });

  it.each([
    ["GET", "/api/stories/active/0/"],
    ["GET", "/api/stories/active/x/"],
    ["GET", "/api/stories/active/1.5/"],
    ["GET", "/api/stories/active/-1/"],
    ["GET", "/api/stories/active/9999999999999999999999/"],
    ["PATCH", "/api/stories/active/999999999/"],
    ["DELETE", "/api/stories/active/999999999/"],
    ["GET", "/api/stories/active/999999999/stories/"],
    ["GET", "/api/stories/archive/999999999/"],
    ["DELETE", "/api/stories/archive/999999999/"],
    ["PATCH", "/api/stories/reaction/999999999/"],
    ["DELETE", "/api/stories/reaction/999999999/"],
    ["GET", "/api/stories/reaction/?story=999999999"],
    ["GET", "/api/stories/viewed/?story=999999999"],
    ["POST", "/api/stories/archive/"],
    ["PUT", "/api/stories/active/1/"],
  ])("%s %s is 404", async (method, path) => {
    const person = await createPerson();
    const body = method === "PATCH" ? { reaction: "👍", caption: "" } : undefined;
    expect(await person.call(method, path, body)).toMatchObject({
      status: 404,
      body: { error: "Resource not found" },
    });
  });

  it("an unknown story is 404 for a reaction and a view; what is no id is 400", async () => {
    const person = await createPerson();
    for (const door of ["/api/stories/reaction/", "/api/stories/viewed/"]) {
      const body = { story: 999_999_999, reaction: "👍" };
      expect(await person.call("POST", door, body)).toMatchObject({ status: 404 });
      expect(await person.call("POST", door, { reaction: "👍" })).toMatchObject(
        details("story", "This field is required."),
      );
      for (const story of ["x", null, {}, [1], -1, 1.5])
        expect(await person.call("POST", door, { ...body, story })).toMatchObject(
          details("story", "A valid integer is required."),
        );
    }
    expect(await person.call("GET", "/api/stories/viewed/")).toMatchObject({ status: 400 });
    expect(await person.call("GET", "/api/stories/viewed/?story=x")).toMatchObject({ status: 400 });
    expect(await person.call("GET", "/api/stories/active/?audience=public")).toMatchObject({ status: 400 });
  });

  it("a reaction that is not one emoji is 400", async () => {
    const person = await createPerson();
    const story = await seedStory(person);
    const send = (reaction?: unknown) => person.call("POST", "/api/stories/reaction/", { story, reaction });
    expect(await send()).toMatchObject(details("reaction", "This field is required."));
    expect(await send("")).toMatchObject(details("reaction", "This field may not be blank."));
    for (const wrong of [1, null, {}, ["👍"]])
      expect(await send(wrong)).toMatchObject(details("reaction", "Not a valid string."));
    for (const wrong of [
      "a",
      "👍👍",
      "👍a",
      " 👍",
      "1",
      "#",
      "🇺",
      "\u200d",
      "\ufe0f",
      "🏽",
      "👍\u0301",
      "\ud83d",
    ])
      expect(await send(wrong), wrong).toMatchObject(details("reaction", "One emoji is required."));
    // Four people: 25 bytes.
    expect(await send("👨‍👩‍👧‍👦")).toMatchObject({ status: 400 });
  });

  it("another's view is 400", async () => {
    const [person, other] = (await people(2)) as [Person, Person];
    const story = await seedStory(other);
    expect(await person.call("POST", "/api/stories/viewed/", { story, viewer: other.id })).toMatchObject(
      details("viewer", "You can only note your own view."),
    );
    expect(await other.call("GET", `/api/stories/viewed/?story=${story}`)).toMatchObject({ body: [] });
  });

  it("another's reaction can be changed by nobody else, not even by the story's owner", async () => {
    const [owner, fan, other] = (await people(3)) as [Person, Person, Person];
    const story = await seedStory(owner);
    const { body } = await fan.call("POST", "/api/stories/reaction/", { story, reaction: "👍" });
    for (const person of [owner, other]) {
      const path = `/api/stories/reaction/${body.id}/`;
      expect(await person.call("PATCH", path, { reaction: "👎" })).toMatchObject({ status: 404 });
      expect(await person.call("DELETE", path)).toMatchObject({ status: 404 });
    }
    expect(await owner.call("GET", `/api/stories/reaction/?story=${story}`)).toMatchObject({ body: [body] });
  });
});

it("only single emoji are taken, whatever else is sent", () => {
  const emoji = ["👍", "❤️", "❤", "👍🏽", "🇺🇿", "1️⃣", "#⃣", "👩‍🚀", "🏳️‍🌈", "☺️", "🫡", "©️"];
  for (const one of emoji) expect(isEmoji(one), one).toBe(true);
  const part = fc.oneof(
    fc.constantFrom(...emoji),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
  );
  fc.assert(
    fc.property(part, fc.constantFrom(...emoji), (first, second) => {
      // Two flags, or a digit before a keycap, are two as well.
      expect(isEmoji(`${first}${second}`)).toBe(false);
    }),
  );
});

describe("a story", () => {
  it("is published from a form with its file, and read back by its owner", async () => {
    const [owner, first, second] = (await people(3)) as [Person, Person, Person];
    const caption = "Beautiful sunset! <b>🌇</b> 'x'";
    const marked = [String(second.id), String(first.id), String(first.id)];
    const story = await publish(owner, { caption, audience: "marked", marked });
    expect(story).toEqual({
      id: expect.any(Number),
      owner: { id: owner.id, username: owner.username, full_name: owner.username, profile_picture: null },
      media: expect.stringMatching(/^https:\/\/xabar\.test\/media\/[0-9a-f]{32}\?/),
      caption,
      marked: [first.id, second.id],
      is_active: true,
      audience: "marked",
      created_at: expect.any(String),
      updated_at: story.created_at,
    });
    expect(await owner.call("GET", ACTIVE)).toMatchObject({ status: 200, body: [story] });
    expect(await owner.call("GET", `${ACTIVE}${story.id}`)).toMatchObject({ status: 200, body: story });
    expect(await owner.call("GET", "/api/stories/archive/")).toMatchObject({ status: 200, body: [] });
    expect(await look(story.media)).toMatchObject({ status: 200 });
  });

  it("may be a video, and needs nothing but its media", async () => {
    const owner = await createPerson();
    const media = new File([video("isom")], "v.mp4");
    expect(await owner.form("POST", "/api/stories/active", { media })).toMatchObject({
      status: 201,
      body: { caption: "", marked: [], audience: "public" },
    });
  });

  it.each([
    ["a field that occurs several times", (ids: number[]) => ids.map(String)],
    ["[2,3]", (ids: number[]) => JSON.stringify(ids)],
    ["2,3", (ids: number[]) => ids.join(",")],
    ["[ 2, 3 ]", (ids: number[]) => `[ ${ids.join(", ")} ]`],
  ])("names the marked as %s, in multipart and in a form", async (_, write) => {
    const [owner, ...others] = (await people(3)) as [Person, Person, Person];
    const ids = others.map(({ id }) => id);
    const marked = write(ids);
    expect((await publish(owner, { marked })).marked).toEqual(ids);
    const path = `${ACTIVE}${await seedStory(owner)}/`;
    const form = new URLSearchParams([marked].flat().map((each) => ["marked", each]));
    expect(await sendForm(owner, "PATCH", path, String(form))).toMatchObject({
      status: 200,
      body: { marked: ids },
    });
    expect(await sendForm(owner, "PATCH", path, "marked=")).toMatchObject({
      status: 200,
      body: { marked: [] },
    });
  });

  it("changes by JSON, form and multipart; what is left out stays", async () => {
    const [owner, friend] = (await people(2)) as [Person, Person];
    const story = await seedStory(owner, { caption: "before", audience: "marked", marked: [friend.id] });
    const before = await storedStory(story);
    const path = `${ACTIVE}${story}`;
    expect(await owner.call("PATCH", path, { caption: "after" })).toMatchObject({
      status: 200,
      body: { caption: "after", audience: "marked", marked: [friend.id], is_active: true },
    });
    expect(await sendForm(owner, "PATCH", `${path}/`, "audience=contact")).toMatchObject({
      status: 200,
      body: { caption: "after", audience: "contact", marked: [friend.id] },
    });
    expect(await owner.form("PATCH", path, { caption: "" })).toMatchObject({
      status: 200,
      body: { caption: "", audience: "contact" },
    });
    expect(await owner.call("PATCH", path, {})).toMatchObject({ status: 200 });
    const { created_at, media, owner_id } = before!;
    expect(await storedStory(story)).toMatchObject({ created_at, media, owner_id });
    expect(
      await owner.call("PATCH", path, { id: 1, owner: friend.id, is_active: false, created_at: 0 }),
    ).toMatchObject({ status: 200, body: { id: story, owner: { id: owner.id }, is_active: true } });
  });

  it.each(["active", "archive"])(
    "is deleted from the %s for good, with its rows and its file",
    async (place) => {
      const [owner, fan] = (await people(2)) as [Person, Person];
      const { id: story, media } = await publish(owner, { marked: String(fan.id) });
      const seen = await fan.call("GET", `${ACTIVE}${story}/`);
      await fan.call("POST", "/api/stories/viewed/", { story });
      await fan.call("POST", "/api/stories/reaction/", { story, reaction: "👍" });
      if (place === "archive")
        await hubDb.prepare("UPDATE hub_stories SET created_at = 0 WHERE id = ?").bind(story).run();
      const other = place === "active" ? "archive" : "active";
      expect(await owner.call("DELETE", `/api/stories/${other}/${story}/`)).toMatchObject({ status: 404 });
      expect(await owner.call("DELETE", `/api/stories/${place}/${story}/`)).toMatchObject({
        status: 204,
        body: "",
      });
      expect(await owner.call("DELETE", `/api/stories/${place}/${story}/`)).toMatchObject({ status: 404 });
      for (const door of [`active/${story}`, `archive/${story}`, `viewed/?story=${story}`])
        expect(await owner.call("GET", `/api/stories/${door}`), door).toMatchObject({ status: 404 });
      expect(await look(media)).toMatchObject({ status: 404 });
      expect(await look(seen.body.media)).toMatchObject({ status: 404 });
      for (const table of ["hub_story_marked", "hub_story_reactions", "hub_story_views"])
        expect(
          await hubDb.prepare(`SELECT count(*) AS n FROM ${table} WHERE story_id = ?`).bind(story).first("n"),
        ).toBe(0);
      const key = /\/media\/(\w+)/.exec(media)![1];
      const file = await hubDb.prepare("SELECT deleted_at FROM hub_files WHERE key = ?").bind(key).first();
      // Its row is there until the job has deleted its object.
      if (file) expect(file).toMatchObject({ deleted_at: expect.any(Number) });
      else expect(await env.ATTACHMENTS.head(`hub/${key}`)).toBeNull();
    },
  );

  it("of an account that goes away during the upload does not come to be, and nor does its file", async () => {
    const owner = await createPerson();
    await hubDb
      .prepare(
        `CREATE TRIGGER test_gone AFTER INSERT ON hub_files WHEN NEW.owner_id = ${owner.id} BEGIN
          UPDATE hub_users SET deleted_at = 1 WHERE id = ${owner.id}; END`,
      )
      .run();
    try {
      expect(await owner.form("POST", ACTIVE, { media: picture() })).toMatchObject({ status: 401 });
    } finally {
      await hubDb.prepare("DROP TRIGGER test_gone").run();
    }
    const { results } = await hubDb
      .prepare("SELECT is_used FROM hub_files WHERE owner_id = ?")
      .bind(owner.id)
      .all();
    expect(results).toEqual([{ is_used: 0 }]);
  });
});

describe("reactions", () => {
  it("are made once, changed, taken back and made again, by JSON, form and multipart", async () => {
    const [owner, fan] = (await people(2)) as [Person, Person];
    const story = await seedStory(owner);
    const door = "/api/stories/reaction";
    const first = await fan.call("POST", `${door}/`, { story, reaction: "❤️" });
    expect(first).toMatchObject({
      status: 201,
      body: {
        ...{ id: expect.any(Number), story, user: fan.id, reaction: "❤️" },
        reacted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    });
    expect(await fan.call("POST", door, { story, reaction: "👍" })).toMatchObject(
      details("non_field_errors", "You have already reacted to this story."),
    );
    const path = `${door}/${first.body.id}`;
    expect(await sendForm(fan, "PATCH", path, "reaction=👍")).toMatchObject({
      status: 200,
      body: { ...first.body, reaction: "👍" },
    });
    expect(await fan.form("PATCH", `${path}/`, { reaction: "🇺🇿" })).toMatchObject({ status: 200 });
    expect(await owner.call("GET", `${door}/?story=${story}`)).toMatchObject({
      status: 200,
      body: [{ ...first.body, reaction: "🇺🇿" }],
    });
    expect(await fan.call("DELETE", `${path}/`)).toMatchObject({ status: 204 });
    expect(await fan.call("DELETE", path)).toMatchObject({ status: 404 });
    expect(await fan.form("POST", door, { story: String(story), reaction: "🔥" })).toMatchObject({
      status: 201,
    });
  });

  it("are made to one's own story as well", async () => {
    const owner = await createPerson();
    const story = await seedStory(owner);
    const { status, body } = await owner.call("POST", "/api/stories/reaction/", { story, reaction: "😀" });
    expect(status).toBe(201);
    expect(await owner.call("GET", `/api/stories/reaction?story=${story}`)).toMatchObject({ body: [body] });
  });

  it("a reaction and a view that are sent twenty times at once are there once", async () => {
    const [owner, fan] = (await people(2)) as [Person, Person];
    const story = await seedStory(owner);
    const send = (door: string) =>
      Promise.all(
        Array.from({ length: 20 }, () =>
          fan.call("POST", `/api/stories/${door}/`, { story, reaction: "👍" }),
        ),
      );
    const statuses = (await send("reaction")).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(19).fill(400)]);
    const views = await send("viewed");
    expect(views.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
    expect(new Set(views.map(({ body }) => body.id)).size).toBe(1);
  });
});

describe("views", () => {
  it("are noted once: the second is 200 with the first row", async () => {
    const [owner, fan, other] = (await people(3)) as [Person, Person, Person];
    const story = await seedStory(owner);
    const door = "/api/stories/viewed";
    const first = await fan.call("POST", `${door}/`, { story, viewer: fan.id });
    expect(first).toMatchObject({ status: 201, body: { id: expect.any(Number), story, viewer: fan.id } });
    const again = await fan.form("POST", door, { story: String(story) });
    expect(again).toMatchObject({ status: 200, body: first.body });
    const second = await sendForm(other, "POST", door, `story=${story}&viewer=${other.id}`);
    expect(second).toMatchObject({ status: 201 });
    expect(await owner.call("GET", `${door}/?story=${story}`)).toMatchObject({
      status: 200,
      body: [second.body, first.body],
    });
  });

  it("the owner's own look is answered like others, and not listed", async () => {
    const owner = await createPerson();
    const story = await seedStory(owner);
    for (const status of [201, 200])
      expect(await owner.call("POST", "/api/stories/viewed/", { story })).toMatchObject({
        status,
        body: { viewer: owner.id },
      });
    expect(await owner.call("GET", `/api/stories/viewed/?story=${story}`)).toMatchObject({ body: [] });
  });
});
