import { notFound, type ServiceError } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { isSeen, U } from "../people/visibility.ts";
import { type Contact, getContact, ownContacts } from "./list.ts";
import type { ContactCreate, ContactPatch } from "./schemas.ts";

/**
 * Adds a contact.
 * @throws ServiceError invalid for oneself, for somebody who is one already, and for somebody who is not seen
 */
export async function addContact(ctx: UserCtx, { contact, nikname }: ContactCreate): Promise<Contact> {
  const me = ctx.user.id;
  if (contact === me) throw isSelf();
  const now = Date.now();
  const [[known], [added]] = await ctx.db.batch([
    findTaken(me, contact, null),
    sql<{ id: number }>`
      INSERT INTO hub_contacts (owner_id, contact_id, nickname, created_at, updated_at)
      SELECT ${me}, u.id, ${nikname}, ${now}, ${now} FROM hub_users u WHERE u.id = ${contact} AND ${isSeen(me, U)}
      ON CONFLICT DO NOTHING RETURNING id`,
  ]);
  if (added) return getContact(ctx, added.id);
  throw refusal(contact, known !== undefined);
}

/**
 * Changes a contact: what is left out stays.
 * @param id of the contact, not of the person
 * @throws ServiceError not_found; invalid as `addContact`
 */
export async function changeContact(
  ctx: UserCtx,
  id: number,
  { contact, nikname }: ContactPatch,
): Promise<Contact> {
  const me = ctx.user.id;
  const [[own], [taken], [changed]] = await ctx.db.batch([
    sql<{ id: number }>`SELECT c.id ${ownContacts(me)} AND c.id = ${id}`,
    findTaken(me, contact ?? null, id),
    sql<{ id: number }>`
      UPDATE hub_contacts SET contact_id = coalesce(${contact ?? null}, contact_id),
        nickname = coalesce(${nikname ?? null}, nickname), updated_at = ${Date.now()}
      WHERE id = (SELECT c.id ${ownContacts(me)} AND c.id = ${id}) ${contact === undefined ? sql`` : mayBe(me, contact, id)}
      RETURNING id`,
  ]);
  if (!own) throw notFound("Contact");
  if (changed) return getContact(ctx, id);
  throw contact === me ? isSelf() : refusal(contact, taken !== undefined);
}

/** The condition that a contact can become this person. */
const mayBe = (me: number, contact: number, id: number): SQL => sql`
  AND ${contact} <> ${me} AND NOT EXISTS (${findTaken(me, contact, id)})
  AND EXISTS (SELECT 1 FROM hub_users u WHERE u.id = ${contact} AND ${isSeen(me, U)})`;

/** The row that has this person already, but for one. */
const findTaken = (me: number, contact: number | null, except: number | null): SQL<{ id: number }> => sql`
  SELECT t.id FROM hub_contacts t WHERE t.owner_id = ${me} AND t.contact_id = ${contact} AND t.id IS NOT ${except}`;

const isSelf = (): ServiceError => badField("contact", "You cannot add yourself.");

/** Security: somebody who has blocked the caller gets the sentence for nobody. */
const refusal = (contact: number | undefined, isTaken: boolean): ServiceError =>
  badField(
    "contact",
    isTaken ? "This user is already a contact." : `Invalid pk "${contact}" - object does not exist.`,
  );

/** Removes a contact. @param id of the contact, not of the person @throws ServiceError not_found */
export async function removeContact({ db, user }: UserCtx, id: number): Promise<void> {
  const removed = await db.all(
    sql`DELETE FROM hub_contacts WHERE id = (SELECT c.id ${ownContacts(user.id)} AND c.id = ${id}) RETURNING id`,
  );
  if (!removed.length) throw notFound("Contact");
}
