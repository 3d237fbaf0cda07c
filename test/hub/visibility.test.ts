import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { cellOf, FINE, WIDE } from "../../src/hub/geo/cells.ts";
import { signedMediaUrl } from "../../src/hub/media/urls.ts";
import { authenticate } from "../../src/hub/middleware.ts";
import { setWords } from "../../src/hub/people/words.ts";
import { app } from "../../src/hub/routes.ts";
import { uuidv7 } from "../../src/lib/ids.ts";
import { createRoom, roomOf } from "../support/chat.ts";
import { call } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";
import { routesOf, withoutRules } from "../support/routes.ts";
import { DOORS, type Door, RELATIONS, type Relation, SHOWS_NOBODY, type World } from "./doors.ts";

const registered = new Set(
  routesOf(app() as never, authenticate).map(
    ({ method, path }) => `${method} ${withoutRules(path).replace(/:\w+/g, ":id")}`,
  ),
);

it("every route that reads or creates is a door, or shows nobody", () => {
  const known = new Set([...DOORS.map(({ route }) => route), ...Object.keys(SHOWS_NOBODY)]);
  const asked = [...registered].filter((route) => /^(GET|POST) /.test(route));
  expect(asked.filter((route) => !known.has(route))).toEqual([]);
  expect([...known].filter((route) => !registered.has(route))).toEqual([]);
  expect(Object.keys(SHOWS_NOBODY).filter((route) => DOORS.some((door) => door.route === route))).toEqual([]);
});

const run = (query: string, ...values: unknown[]) => hubDb.prepare(query).bind(...values);

const post = (id: string, owner: number) =>
  run("INSERT INTO hub_posts (id, owner_id, content, created_at) VALUES (?, ?, 'x', 1)", id, owner);

const marksOf = (id: string, by: number) => [
  ...["hub_likes", "hub_post_views"].map((table) =>
    run(`INSERT INTO ${table} (id, post_id, owner_id, created_at) VALUES (?, ?, ?, 1)`, uuidv7(), id, by),
  ),
  run(
    "INSERT INTO hub_post_comments (id, post_id, owner_id, comment, created_at) VALUES (?, ?, ?, 'x', 1)",
    ...[uuidv7(), id, by],
  ),
];

async function createStory(owner: number, marked: number): Promise<{ id: number; key: string }> {
  const key = crypto.randomUUID().replaceAll("-", "");
  const now = Date.now();
  await run(
    `INSERT INTO hub_files (key, owner_id, kind, content_type, size, is_used, created_at)
     VALUES (?, ?, 'story', 'image/png', 1, 1, ?)`,
    ...[key, owner, now],
  ).run();
  const id = await run(
    `INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at) VALUES (?, ?, 'public', ?, ?)
     RETURNING id`,
    ...[owner, key, now, now],
  ).first<number>("id");
  await run("INSERT INTO hub_story_marked (story_id, user_id) VALUES (?, ?)", id, marked).run();
  await env.ATTACHMENTS.put(`hub/${key}`, "x");
  return { id: id!, key };
}

const storyMarks = (story: number, by: number) => [
  run("INSERT INTO hub_story_views (story_id, viewer_id, viewed_at) VALUES (?, ?, 1)", story, by),
  run(
    "INSERT INTO hub_story_reactions (story_id, user_id, reaction, reacted_at) VALUES (?, ?, '❤️', 1)",
    ...[story, by],
  ),
];

function location(userId: number) {
  const at = { lat: 41.2995, long: 69.2401 };
  return run(
    `INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, 1, 1)`,
    ...[userId, String(at.lat), String(at.long), cellOf(at, FINE), cellOf(at, WIDE)],
  );
}

/** The owner has said something in a room. */
async function sayIn(room: string, { id: sender }: Person): Promise<void> {
  const last = JSON.stringify({ id: uuidv7(), sender, text: "x", at: 1 });
  await run("UPDATE hub_rooms SET last_message = ?, last_number = 1 WHERE id = ?", last, room).run();
  await runInDurableObject(roomOf(room), (_, { storage }) => {
    storage.sql.exec("INSERT INTO messages (seq, number, sender, text, at) VALUES (1, 1, ?, 'x', 1)", sender);
  });
}

let third: Person;
beforeAll(async () => {
  third = await createPerson();
});

async function createWorld(relation: Relation): Promise<World & { viewer: Person }> {
  const [owner, viewer] = await Promise.all([
    createPerson({ is_private: relation.isPrivate ?? false }),
    createPerson({ is_staff: relation.isStaff ?? false }),
  ]);
  const [postId, viewersPost, thirdsPost] = [uuidv7(), uuidv7(), uuidv7()];
  const [story, viewersStory, thirdsStory] = await Promise.all([
    createStory(owner.id, viewer.id),
    createStory(viewer.id, owner.id),
    createStory(third.id, owner.id),
  ]);
  await hubDb.batch([
    ...[post(postId, owner.id), post(viewersPost, viewer.id), post(thirdsPost, third.id)],
    ...[...marksOf(postId, third.id), ...marksOf(viewersPost, owner.id), ...marksOf(thirdsPost, owner.id)],
    ...[...storyMarks(story.id, third.id), ...storyMarks(viewersStory.id, owner.id)],
    ...storyMarks(thirdsStory.id, owner.id),
    ...[location(owner.id), location(viewer.id)],
  ]);
  const [group, viewersGroup, direct] = await Promise.all([
    createRoom([third, owner, viewer]),
    createRoom([viewer]),
    createRoom([viewer, owner], "private"),
  ]);
  await Promise.all([sayIn(group, owner), sayIn(direct, owner)]);
  const ctx = { ...hubContext(), ...{ origin: "", address: "local", language: "uz" as const } };
  await ctx.db.batch(setWords(owner.id, { username: owner.username, first_name: "", last_name: "" }));
  if (relation.isContact) await addContact(owner.id, viewer.id);
  if (relation.hasOwner) await addContact(viewer.id, owner.id);
  if (relation.isBlocked) await block(owner.id, viewer.id);
  if (relation.hasBlocked) await block(viewer.id, owner.id);
  if (relation.isGone) await markDeleted(owner.id);
  const contact = await run("SELECT id FROM hub_contacts WHERE owner_id = ?", viewer.id).first<number>("id");
  return {
    ...{ owner, viewer, third, post: postId, viewersPost, thirdsPost, contact: contact ?? 999_999_999 },
    ...{ group, viewersGroup, direct },
    ...{ story: story.id, viewersStory: viewersStory.id, thirdsStory: thirdsStory.id },
    media: await signedMediaUrl(
      { ...ctx, user: { id: viewer.id, isStaff: false, sessionId: "" } },
      story.key,
    ),
  };
}

const nameOf = ({ route, what = "" }: Door): string => `${route} ${what}`.trim();

/** Whether the viewer sees the owner behind a door. */
async function isShown(
  door: Door,
  world: World & { viewer: Person },
  token: string | null,
): Promise<boolean> {
  const [method = ""] = door.route.split(" ");
  const { status, body } = await call(token, method, door.path(world), door.body?.(world));
  expect(status, `${nameOf(door)}: ${JSON.stringify(body)}`).toBeLessThan(500);
  // What is not shown is not named in a refusal either.
  if (status >= 400) expect(JSON.stringify(body)).not.toContain(world.owner.username);
  return status < 400 && door.shows(body, world);
}

it.each(RELATIONS)("$name sees the owner behind the right doors", async (relation) => {
  const world = await createWorld(relation);
  const token = relation.isAnonymous ? null : world.viewer.token;
  const shown: Record<string, boolean> = {};
  const ask = async (door: Door) => {
    shown[nameOf(door)] = await isShown(door, world, token);
  };
  await Promise.all(DOORS.filter(({ body }) => !body).map(ask));
  // These change the world: one after the other.
  for (const door of DOORS.filter(({ body }) => body)) await ask(door);
  expect(shown).toEqual(Object.fromEntries(DOORS.map((door) => [nameOf(door), door.mustShow(relation)])));
});
