import { env } from "cloudflare:workers";
import { observedD1 } from "../../dev/worker/observed-d1.ts";
import { createContext, type UserCtx } from "../../src/hub/context.ts";
import { setWords } from "../../src/hub/people/words.ts";
import { createPerson, hubContext, hubDb, type Person } from "./hub-client.ts";

/** Makes a person whom the search finds. */
export async function createNamed(changes: Parameters<typeof createPerson>[0] = {}): Promise<Person> {
  const person = await createPerson(changes);
  const names = await hubDb
    .prepare("SELECT username, first_name, last_name FROM hub_users WHERE id = ?")
    .bind(person.id)
    .first<Parameters<typeof setWords>[1]>();
  if (names) await hubContext().db.batch(setWords(person.id, names));
  return person;
}

/** Makes one person a contact of another, without asking the API. */
export const addContact = (owner: number, contact: number) =>
  hubDb
    .prepare("INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at) VALUES (?, ?, 1, 1)")
    .bind(owner, contact)
    .run();

/** Blocks somebody, without asking the API. */
export const block = (user: number, blocked: number) =>
  hubDb
    .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
    .bind(user, blocked)
    .run();

/** Begins the deletion of an account. */
export const markDeleted = (id: number) =>
  hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(id).run();

/** A context that counts the rows of its statements, as D1 bills them. */
export function meteredHub(userId: number): { ctx: UserCtx; meter: { read: number; written: number } } {
  const meter = { read: 0, written: 0 };
  const HUB_DB = observedD1(env.HUB_DB, ({ rowsRead, rowsWritten }) => {
    meter.read += rowsRead;
    meter.written += rowsWritten;
  });
  const ctx: UserCtx = {
    ...createContext({ ...env, HUB_DB }, { waitUntil: () => {} }),
    origin: "https://xabar.test",
    address: "local",
    language: "uz",
    user: { id: userId, isStaff: false, sessionId: "" },
  };
  return { ctx, meter };
}
