import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { markDeleted } from "../../src/hub/accounts/deletion.ts";
import { deleteAccount, eraseAccount, resumeDeletions } from "../../src/hub/accounts/erase.ts";
import { hashPassword } from "../../src/hub/auth/passwords.ts";
import { startSession } from "../../src/hub/auth/sessions.ts";
import { type Ctx, createContext } from "../../src/hub/context.ts";
import { deleteFiles } from "../../src/hub/media/clean.ts";
import { createRoom } from "../support/chat.ts";
import { call, unique } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { lastMailTo, mailsTo } from "../support/hub-mail.ts";
import { silenceLog } from "../support/log-check.ts";
import { waitFor } from "../support/wait.ts";

const PATH = "/api/accounts/account/delete/";
const CONFIRM = `${PATH}confirm/`;
const PROFILE = "/api/accounts/account/profile/";
const PASSWORD = "the right password";
const hash = await hashPassword(PASSWORD);

const run = (query: string, ...values: unknown[]) =>
  hubDb
    .prepare(query)
    .bind(...values)
    .run();

interface Populated {
  person: Person;
  other: Person;
  /** A post of the other, that the person has liked, seen, and commented twice. */
  otherPost: string;
  keys: string[];
}

/** A person with something in every table, beside another person with the same. @param many rows of each kind */
async function populate(many = 3): Promise<Populated> {
  const [person, other] = [await createPerson(), await createPerson()];
  const keys: string[] = [];
  const file = async (owner: Person, kind: string) => {
    const key = unique().toString(16).padStart(32, "0");
    await env.ATTACHMENTS.put(`hub/${key}`, "bytes");
    await run(
      "INSERT INTO hub_files (key, owner_id, kind, content_type, size, is_used, created_at) VALUES (?, ?, ?, 'image/png', 5, 1, 1)",
      ...[key, owner.id, kind],
    );
    if (owner === person) keys.push(key);
    return key;
  };
  const post = async (owner: Person) => {
    const id = crypto.randomUUID();
    await run(
      "INSERT INTO hub_posts (id, owner_id, content, created_at) VALUES (?, ?, 'x', 1)",
      id,
      owner.id,
    );
    await run(
      "INSERT INTO hub_post_images (id, post_id, position, file, created_at) VALUES (?, ?, 0, ?, 1)",
      ...[crypto.randomUUID(), id, await file(owner, "post")],
    );
    return id;
  };
  const mark = async (id: string, who: Person) => {
    for (const table of ["hub_likes", "hub_post_views"])
      await run(
        `INSERT INTO ${table} (id, post_id, owner_id, created_at) VALUES (?, ?, ?, 1)`,
        ...[crypto.randomUUID(), id, who.id],
      );
    const comments = [crypto.randomUUID(), crypto.randomUUID()];
    for (const [nth, comment] of comments.entries())
      await run(
        "INSERT INTO hub_post_comments (id, post_id, owner_id, comment, reply_to, created_at) VALUES (?, ?, ?, 'hi', ?, 1)",
        ...[comment, id, who.id, nth === 0 ? null : comments[0]],
      );
  };
  const story = async (owner: Person, viewer: Person) => {
    const created = await hubDb
      .prepare(
        "INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at) VALUES (?, ?, 'marked', 1, 1) RETURNING id",
      )
      .bind(owner.id, await file(owner, "story"))
      .first<{ id: number }>();
    const id = created!.id;
    await run("INSERT INTO hub_story_marked (story_id, user_id) VALUES (?, ?)", id, viewer.id);
    await run(
      "INSERT INTO hub_story_reactions (story_id, user_id, reaction, reacted_at) VALUES (?, ?, '🔥', 1)",
      ...[id, viewer.id],
    );
    await run("INSERT INTO hub_story_views (story_id, viewer_id, viewed_at) VALUES (?, ?, 1)", id, viewer.id);
  };
  for (let nth = 0; nth < many; nth++) {
    await mark(await post(person), other);
    await story(person, other);
    await story(other, person);
  }
  const otherPost = await post(other);
  await mark(otherPost, person);
  await mark(otherPost, other);
  for (const [a, b] of [
    [person, other],
    [other, person],
  ] as const) {
    await run("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)", a.id, b.id);
    await run(
      "INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 1, 1)",
      ...[a.id, b.id],
    );
    await run(
      "INSERT INTO hub_statuses (user_id, content, created_at, updated_at) VALUES (?, 'x', 1, 1)",
      a.id,
    );
    await run(
      "INSERT INTO hub_locations (user_id, lat, long, cell, wide_cell, created_at, updated_at) VALUES (?, '1', '1', 1, 1, 1, 1)",
      a.id,
    );
    await run("INSERT INTO hub_words (word, user_id) VALUES (?, ?)", `word${a.id}`, a.id);
    await run("INSERT INTO hub_resets (link_digest, user_id, expires_at) VALUES (?, ?, 1)", `r${a.id}`, a.id);
    await run(
      "INSERT INTO hub_codes (user_id, kind, code_digest, expires_at) VALUES (?, 'email', 'x', 1)",
      a.id,
    );
  }
  await run("UPDATE hub_users SET picture = ? WHERE id = ?", await file(person, "profile"), person.id);
  for (const type of ["group", "private"] as const) {
    const room = await createRoom([person, other], type);
    for (const { id } of [person, other])
      await run("INSERT INTO hub_room_listeners (user_id, room_id) VALUES (?, ?)", id, room);
  }
  await createRoom([person]);
  await run("INSERT INTO hub_room_removals (room_id, user_id) VALUES ('x', ?)", person.id);
  await run(
    "INSERT INTO hub_chat_files (owner_id, unique_id, file, file_type, file_size, uploaded_at) VALUES (?, 'x', ?, 'other', 5, 1)",
    ...[person.id, await file(person, "chat")],
  );
  return { person, other, otherPost, keys };
}

/** Columns with a user's id, of every table that has one. */
const OWNERS: [table: string, column: string][] = [
  ["hub_users", "id"],
  ["hub_posts", "owner_id"],
  ["hub_likes", "owner_id"],
  ["hub_post_comments", "owner_id"],
  ["hub_post_views", "owner_id"],
  ["hub_stories", "owner_id"],
  ["hub_story_marked", "user_id"],
  ["hub_story_reactions", "user_id"],
  ["hub_story_views", "viewer_id"],
  ["hub_blocks", "user_id"],
  ["hub_blocks", "blocked_id"],
  ["hub_contacts", "owner_id"],
  ["hub_contacts", "contact_id"],
  ["hub_files", "owner_id"],
  ["hub_statuses", "user_id"],
  ["hub_locations", "user_id"],
  ["hub_words", "user_id"],
  ["hub_codes", "user_id"],
  ["hub_resets", "user_id"],
  ["hub_sessions", "user_id"],
  ["hub_room_members", "user_id"],
  ["hub_room_removals", "user_id"],
  ["hub_room_listeners", "user_id"],
  ["hub_chat_files", "owner_id"],
];

/** How many rows each table has of somebody; tables without any are left out. */
async function rowsOf({ id }: Person): Promise<Record<string, number>> {
  const counts = await hubDb.batch<{ n: number }>(
    OWNERS.map(([table, column]) =>
      hubDb.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`).bind(id),
    ),
  );
  const found = OWNERS.map(([table, column], nth): [string, number] => [
    `${table}.${column}`,
    counts[nth]!.results[0]!.n,
  ]);
  return Object.fromEntries(found.filter(([, n]) => n > 0));
}

/** Rows that belong to something that is gone. */
async function orphans(): Promise<number> {
  const parts: [table: string, column: string, of: string][] = [
    ["hub_likes", "post_id", "hub_posts"],
    ["hub_post_comments", "post_id", "hub_posts"],
    ["hub_post_views", "post_id", "hub_posts"],
    ["hub_post_images", "post_id", "hub_posts"],
    ["hub_story_marked", "story_id", "hub_stories"],
    ["hub_story_reactions", "story_id", "hub_stories"],
    ["hub_story_views", "story_id", "hub_stories"],
  ];
  const counts = await hubDb.batch<{ n: number }>(
    parts.map(([table, column, of]) =>
      hubDb.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} NOT IN (SELECT id FROM ${of})`),
    ),
  );
  return counts.reduce((total, { results }) => total + results[0]!.n, 0);
}

/** Expects that nothing of the person is left, and that what the other has is right. */
async function expectErased({ person, other, otherPost, keys }: Populated, many = 3): Promise<void> {
  while ((await deleteFiles(hubContext())) > 0);
  expect(await rowsOf(person)).toEqual({});
  expect(await orphans()).toBe(0);
  for (const key of keys) expect(await env.ATTACHMENTS.head(`hub/${key}`)).toBeNull();
  expect(await rowsOf(other)).toEqual({
    ...{ "hub_users.id": 1, "hub_posts.owner_id": 1, "hub_likes.owner_id": 1, "hub_post_views.owner_id": 1 },
    ...{ "hub_post_comments.owner_id": 2, "hub_stories.owner_id": many, "hub_files.owner_id": many + 1 },
    ...{ "hub_statuses.user_id": 1, "hub_locations.user_id": 1, "hub_words.user_id": 1 },
    ...{ "hub_codes.user_id": 1, "hub_resets.user_id": 1, "hub_sessions.user_id": 1 },
    ...{ "hub_room_members.user_id": 2, "hub_room_listeners.user_id": 2 },
  });
  const counters = await hubDb
    .prepare("SELECT like_count, comment_count, view_count FROM hub_posts WHERE id = ?")
    .bind(otherPost)
    .first();
  expect(counters).toEqual({ like_count: 1, comment_count: 2, view_count: 1 });
}

/** A context whose jobs are kept in a list. */
function heldContext() {
  const jobs: { type: string; userId?: number }[] = [];
  const HUB_JOBS = { send: async (job: { type: string }) => void jobs.push(job) };
  const ctx = createContext({ ...env, HUB_JOBS } as unknown as Env, { waitUntil: () => {} });
  return { ctx, jobs };
}

const mark = (person: Person) => markDeleted(heldContext().ctx, person.id);

/** A context whose nth call of the database fails, before or after its effect. */
function failingAt({ db, ...ctx }: Ctx, nth: number, moment: "before" | "after"): Ctx {
  let calls = 0;
  const failing =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const isStruck = ++calls === nth;
      if (isStruck && moment === "before") throw new Error("D1 failed before");
      const result = await call(...args);
      if (isStruck) throw new Error("D1 failed after");
      return result;
    };
  const broken = { ...db, all: failing(db.all), run: failing(db.run), batch: failing(db.batch) };
  return { ...ctx, db: broken as Ctx["db"] };
}

beforeEach(() => vi.restoreAllMocks());

describe("asking for a deletion", () => {
  it("without a token is 401", async () => {
    expect((await call(null, "POST", PATH, {})).status).toBe(401);
    expect((await call(null, "POST", CONFIRM, {})).status).toBe(401);
  });

  it("with a wrong password or without one is 400 on password, and mails nothing", async () => {
    const person = await createPerson({ password: hash });
    for (const body of [{ password: "wrong password" }, {}])
      expect(await person.call("POST", PATH, body)).toMatchObject({
        status: 400,
        body: { details: { password: [/./] } },
      });
    expect(await mailsTo(person.email)).toEqual([]);
  });

  it("a wrong code is 400, and the account stays", async () => {
    const person = await createPerson();
    expect((await person.call("POST", CONFIRM, { code: "12345" })).status).toBe(400);
    await person.call("POST", PATH, {});
    const { values } = await lastMailTo(person.email);
    const wrong = values.code === "00000" ? "00001" : "00000";
    expect(await person.call("POST", CONFIRM, { code: wrong })).toMatchObject({
      status: 400,
      body: { details: { code: ["The code is wrong or has expired."] } },
    });
    expect((await person.call("GET", PROFILE)).status).toBe(200);
  });

  it("and confirming it ends all sessions at once, and soon frees e-mail and username", async () => {
    const person = await createPerson({ password: hash });
    const other = await startSession(hubContext(), person.id);
    expect(await person.call("POST", PATH, { password: PASSWORD })).toMatchObject({
      status: 200,
      body: { message: "Verification code sent to email" },
    });
    const { kind, values } = await lastMailTo(person.email);
    expect(kind).toBe("delete-code");
    const { status, body } = await person.call("POST", CONFIRM, { code: values.code });
    expect({ status, body }).toEqual({ status: 204, body: "" });
    for (const token of [person.token, other.access])
      expect((await call(token, "GET", PROFILE)).status).toBe(401);
    await waitFor(async () => expect(await rowsOf(person)).toEqual({}));
    const next = await createPerson({ email: person.email.toUpperCase(), username: person.username });
    expect(next.id).toBeGreaterThan(person.id);
  });
});

describe("erasing an account", () => {
  it("leaves nothing of it, and of others all but what was on its things", async () => {
    const made = await populate();
    await mark(made.person);
    const { ctx, jobs } = heldContext();
    expect(await eraseAccount(ctx, made.person.id)).toBe(true);
    await expectErased(made);
    expect(jobs.map(({ type }) => type)).toEqual(["clear-room", "delete-files", "delete-account"]);
  });

  it("never touches an account that is not marked", async () => {
    const { person } = await populate(1);
    const before = await rowsOf(person);
    await deleteAccount(heldContext().ctx, { userId: person.id });
    expect(await rowsOf(person)).toEqual(before);
  });

  it("goes on by a job after each step that found something", async () => {
    const made = await populate(2);
    await mark(made.person);
    const { ctx, jobs } = heldContext();
    let runs = 0;
    while (!(await eraseAccount(ctx, made.person.id, 1))) {
      runs++;
      const others = jobs.splice(0).filter(({ type }) => type !== "clear-room");
      expect(others).toEqual([{ type: "delete-account", userId: made.person.id }]);
      expect(Object.keys(await rowsOf(made.person))).toContain("hub_users.id");
    }
    expect(runs).toBeGreaterThan(8);
    await expectErased(made, 2);
  });

  it("goes on where it was when the database fails at any call, before or after its effect", async () => {
    const made = await populate(2);
    await mark(made.person);
    let failures = 0;
    for (let nth = 1; ; nth++) {
      const { ctx } = heldContext();
      const broken = failingAt(ctx, nth, nth % 2 ? "after" : "before");
      try {
        await eraseAccount(broken, made.person.id);
        break;
      } catch (error) {
        expect(String(error)).toMatch(/D1 failed/);
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(10);
    await expectErased(made, 2);
  });

  it("fails when the queue does not take the rest of it, so that the job is repeated", async () => {
    const made = await populate(1);
    await mark(made.person);
    const { ctx } = heldContext();
    const HUB_JOBS = { send: () => Promise.reject(new Error("queue is down")) };
    const broken = { ...ctx, env: { ...env, HUB_JOBS } as unknown as Env };
    await expect(eraseAccount(broken, made.person.id, 1)).rejects.toThrow("queue is down");
    expect(await eraseAccount(broken, made.person.id)).toBe(true);
    await expectErased(made, 1);
  });

  it("twice at the same moment, and again afterwards, does no harm", async () => {
    const made = await populate(2);
    await mark(made.person);
    const { ctx } = heldContext();
    await Promise.all([eraseAccount(ctx, made.person.id), eraseAccount(ctx, made.person.id)]);
    await eraseAccount(ctx, made.person.id);
    await expectErased(made, 2);
  });

  it("sweeps what a request wrote that was under way when the row went", async () => {
    const made = await populate(1);
    await mark(made.person);
    const { ctx } = heldContext();
    await eraseAccount(ctx, made.person.id);
    const late = crypto.randomUUID();
    await run(
      "INSERT INTO hub_posts (id, owner_id, content, created_at) VALUES (?, ?, 'x', 1)",
      ...[late, made.person.id],
    );
    await eraseAccount(ctx, made.person.id);
    await expectErased(made, 1);
  });
});

describe("cron", () => {
  it("goes on with deletions whose job is lost, but not with young ones", async () => {
    const [old, young] = [await populate(1), await createPerson()];
    await mark(old.person);
    await mark(young);
    await run("UPDATE hub_users SET deleted_at = ? WHERE id = ?", Date.now() - 120_000, old.person.id);
    expect(await resumeDeletions(heldContext().ctx)).toBe(1);
    expect(await rowsOf(young)).toEqual({ "hub_users.id": 1 });
    await expectErased(old, 1);
  });

  it("a deletion that fails blocks no other", async () => {
    silenceLog();
    const people = [await createPerson(), await createPerson()];
    for (const [nth, person] of people.entries()) {
      await mark(person);
      await run("UPDATE hub_users SET deleted_at = ? WHERE id = ?", nth + 1, person.id);
    }
    // The second call is the first one of the first account.
    await resumeDeletions(failingAt(heldContext().ctx, 2, "before"));
    expect(await rowsOf(people[0]!)).not.toEqual({});
    expect(await rowsOf(people[1]!)).toEqual({});
  });
});
