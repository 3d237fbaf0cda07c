import { notFound } from "../../lib/errors.ts";
import { isoOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { findList } from "../find-list.ts";
import type { Found, Page } from "../lists.ts";
import { isSeen, U } from "../people/visibility.ts";

/** Somebody whom the caller has as contact. The names are the contract's. */
export interface Contact {
  id: number;
  owner: number;
  contact: number;
  nikname: string;
  created_at: string;
  update_at: string;
}

type ContactRow = {
  id: number;
  owner_id: number;
  contact_id: number;
  nickname: string;
  created_at: number;
  updated_at: number;
};

const COLUMNS = sql<ContactRow>`c.id, c.owner_id, c.contact_id, c.nickname, c.created_at, c.updated_at`;

/** The caller's contacts, as far as they are seen. */
export const ownContacts = (userId: number): SQL => sql`
  FROM hub_contacts c JOIN hub_users u ON u.id = c.contact_id WHERE c.owner_id = ${userId} AND ${isSeen(userId, U)}`;

const toContact = (row: ContactRow): Contact => ({
  id: row.id,
  owner: row.owner_id,
  contact: row.contact_id,
  nikname: row.nickname,
  created_at: isoOf(row.created_at),
  update_at: isoOf(row.updated_at),
});

/** Lists the caller's contacts, the newest first. */
export async function listContacts(ctx: UserCtx, page: Page): Promise<Found<Contact>> {
  const list = { columns: COLUMNS, from: ownContacts(ctx.user.id), order: sql`c.id DESC` };
  const { items, total } = await findList(ctx, page, list);
  return { items: items.map(toContact), total };
}

/** Finds a contact. @param id of the contact, not of the person @throws ServiceError not_found */
export async function getContact({ db, user }: UserCtx, id: number): Promise<Contact> {
  const [row] = await db.all(sql<ContactRow>`SELECT ${COLUMNS} ${ownContacts(user.id)} AND c.id = ${id}`);
  if (!row) throw notFound("Contact");
  return toContact(row);
}
