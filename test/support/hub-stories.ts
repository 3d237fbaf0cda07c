import { startSession } from "../../src/hub/auth/sessions.ts";
import type { UserCtx } from "../../src/hub/context.ts";
import { call, unique } from "./client.ts";
import { hubContext, hubDb, type Person } from "./hub-client.ts";

export type Audience = "public" | "contact" | "marked";

interface Seed {
  audience?: Audience;
  caption?: string;
  marked?: number[];
  /** In milliseconds since the epoch. */
  createdAt?: number;
}

/** Inserts the row of a file that nothing refers to yet. @returns its key */
export async function seedFile(owner: number): Promise<string> {
  const key = unique().toString(16).padStart(32, "0");
  await hubDb
    .prepare(
      "INSERT INTO hub_files (key, owner_id, kind, content_type, size, created_at) VALUES (?, ?, 'story', 'image/png', 1, ?)",
    )
    .bind(key, owner, Date.now())
    .run();
  return key;
}

/** Inserts a story. @returns its id */
export async function seedStory(
  { id: owner }: Pick<Person, "id">,
  { audience = "public", caption = "", marked = [], createdAt = Date.now() }: Seed = {},
): Promise<number> {
  const key = await seedFile(owner);
  const { id } = (await hubDb
    .prepare(
      "INSERT INTO hub_stories (owner_id, media, caption, audience, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(owner, key, caption, audience, createdAt, createdAt)
    .first<{ id: number }>())!;
  await hubDb.batch([
    hubDb.prepare("UPDATE hub_files SET is_used = 1 WHERE key = ?").bind(key),
    ...marked.map((user) => hubDb.prepare("INSERT INTO hub_story_marked VALUES (?, ?)").bind(id, user)),
  ]);
  return id;
}

/** Somebody has somebody as contact. */
export const befriend = (owner: Person, contact: Person): Promise<unknown> =>
  hubDb
    .prepare("INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 0, 0)")
    .bind(owner.id, contact.id)
    .run();

/** Somebody blocks somebody. */
export const block = (user: Person, blocked: Person): Promise<unknown> =>
  hubDb
    .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 0)")
    .bind(user.id, blocked.id)
    .run();

/** Signs a person in again: tokens end after 12 hours, also by a fake clock. */
export async function signInAgain(person: Person): Promise<Person["call"]> {
  const { access } = await startSession(hubContext(), person.id);
  return (method, path, body, headers) => call(access, method, path, body, headers);
}

/** A context of verbs for somebody. @param env bindings to take in place of the Worker's */
export const contextOf = (person: Person, changes: Partial<UserCtx> = {}): UserCtx => ({
  ...hubContext(),
  origin: "https://xabar.test",
  address: "local",
  language: "uz",
  user: { id: person.id, isStaff: false, sessionId: "" },
  ...changes,
});

/** The row of a story, as it is stored. */
export const storedStory = (id: number) =>
  hubDb.prepare("SELECT * FROM hub_stories WHERE id = ?").bind(id).first<Record<string, unknown>>();

/** Somebody's account begins to be deleted. */
export const leave = ({ id }: Person): Promise<unknown> =>
  hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(id).run();
