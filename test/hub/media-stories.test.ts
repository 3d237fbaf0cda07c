import { describe, expect, it } from "vitest";
import type { UserCtx } from "../../src/hub/context.ts";
import { signedMediaUrl } from "../../src/hub/media/urls.ts";
import { call } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { keepFile } from "../support/hub-files.ts";
import { png } from "../support/pictures.ts";

const HOUR = 3600_000;
const ORIGIN = "https://xabar.test";

const contextOf = (person: Person, config = hubContext().config): UserCtx => ({
  ...hubContext(),
  ...{ config, origin: ORIGIN, address: "local", language: "uz" },
  user: { id: person.id, isStaff: false, sessionId: "" },
});

/** The path of a story's file, as a viewer's answers have it. */
const pathFor = async (viewer: Person, key: string, now?: number): Promise<string> =>
  (await signedMediaUrl(contextOf(viewer), key, now)).slice(ORIGIN.length);

const statusOf = async (path: string): Promise<number> => (await call(null, "GET", path)).status;

async function createStory(owner: Person, audience = "public", age = 0) {
  const key = await keepFile(owner, "media", png());
  const at = Date.now() - age;
  const story = await hubDb
    .prepare(
      "INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(owner.id, key, audience, at, at)
    .first<{ id: number }>();
  return { key, id: story!.id };
}

const run = (sql: string, ...values: unknown[]) =>
  hubDb
    .prepare(sql)
    .bind(...values)
    .run();
const addContact = (owner: Person, contact: Person) =>
  run(
    "INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 0, 0)",
    owner.id,
    contact.id,
  );

describe("the file of a story", () => {
  it("is 404 without a signature, with a foreign one, and with one that has expired", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const [{ key }, other] = [await createStory(owner), await createStory(owner)];
    const path = await pathFor(viewer, key);
    expect(await statusOf(path)).toBe(200);
    const foreign = await signedMediaUrl(
      contextOf(viewer, { ...hubContext().config, HUB_JWT_SECRET: "another secret" }),
      key,
    );
    const refused = {
      unsigned: `/media/${key}`,
      foreign: foreign.slice(ORIGIN.length),
      "of another file": path.replace(key, other.key),
      "of another viewer": path.replace(`viewer=${viewer.id}`, `viewer=${owner.id}`),
      "made to last": path.replace(/expires=\d+/, "expires=99999999999"),
      cut: path.slice(0, -1),
      twice: `${path}&viewer=${owner.id}`.replace(/viewer=\d+&/, ""),
      expired: await pathFor(viewer, key, Date.now() - 13 * HOUR),
    };
    for (const [what, each] of Object.entries(refused)) expect(await statusOf(each), what).toBe(404);
  });

  it("has the same URL for six hours, which is good for six to twelve", async () => {
    const person = await createPerson();
    const start = Math.ceil(Date.now() / (6 * HOUR)) * 6 * HOUR;
    const [first, last, next] = await Promise.all(
      [start, start + 6 * HOUR - 1, start + 6 * HOUR].map((now) => pathFor(person, "0".repeat(32), now)),
    );
    expect(last).toBe(first);
    expect(next).not.toBe(first);
    expect(Number(/expires=(\d+)/.exec(first!)?.[1]) * 1000 - start).toBe(12 * HOUR);
  });

  it("is there for 24 hours, and for its owner after that", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const young = await createStory(owner, "public", 24 * HOUR - 30_000);
    const old = await createStory(owner, "public", 24 * HOUR);
    expect(await statusOf(await pathFor(viewer, young.key))).toBe(200);
    expect(await statusOf(await pathFor(viewer, old.key))).toBe(404);
    expect(await statusOf(await pathFor(owner, old.key))).toBe(200);
  });

  it("is for whom the story is for, at each moment", async () => {
    const [owner, viewer, stranger] = [await createPerson(), await createPerson(), await createPerson()];
    const contact = await createStory(owner, "contact");
    const marked = await createStory(owner, "marked");
    const paths = await Promise.all([contact, marked].map(({ key }) => pathFor(viewer, key)));
    expect(await Promise.all(paths.map(statusOf))).toEqual([404, 404]);
    await addContact(viewer, owner); // the wrong way round: one cannot add oneself
    expect(await Promise.all(paths.map(statusOf))).toEqual([404, 404]);
    await addContact(owner, viewer);
    await run("INSERT INTO hub_story_marked (story_id, user_id) VALUES (?, ?)", marked.id, viewer.id);
    expect(await Promise.all(paths.map(statusOf))).toEqual([200, 200]);
    for (const { key } of [contact, marked]) {
      expect(await statusOf(await pathFor(stranger, key))).toBe(404);
      expect(await statusOf(await pathFor(owner, key))).toBe(200);
    }
    await run("DELETE FROM hub_story_marked WHERE story_id = ?", marked.id);
    await run("DELETE FROM hub_contacts WHERE owner_id = ?", owner.id);
    expect(await Promise.all(paths.map(statusOf))).toEqual([404, 404]);
  });

  it("is 404 after a block of either, of a private profile, and of a deleted account", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const { key } = await createStory(owner);
    const path = await pathFor(viewer, key);
    for (const [from, to] of [
      [owner, viewer],
      [viewer, owner],
    ] as const) {
      await run("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 0)", from.id, to.id);
      expect(await statusOf(path)).toBe(404);
      await run("DELETE FROM hub_blocks WHERE user_id = ?", from.id);
      expect(await statusOf(path)).toBe(200);
    }
    await run("UPDATE hub_users SET is_private = 1 WHERE id = ?", owner.id);
    expect(await statusOf(path)).toBe(404);
    await run("UPDATE hub_users SET is_private = 0, deleted_at = 1 WHERE id = ?", owner.id);
    expect(await statusOf(path)).toBe(404);
    expect(await statusOf(await pathFor(owner, key))).toBe(404);
  });

  it("is 404 once the story is deleted, also for its owner", async () => {
    const owner = await createPerson();
    const { key } = await createStory(owner);
    const path = await pathFor(owner, key);
    expect(await statusOf(path)).toBe(200);
    await run("UPDATE hub_files SET deleted_at = 1 WHERE key = ?", key);
    expect(await statusOf(path)).toBe(404);
  });
});
