import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { assign } from "../../platform/d1/write.ts";
import { hashPassword } from "../auth/passwords.ts";
import { prepareReset } from "../auth/resets.ts";
import { type ChangedRoom, changeListened, ringRooms } from "../chat/rings.ts";
import type { Language, UserCtx } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import { countUse } from "../limits.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { dropFiles, useFile } from "../media/rows.ts";
import type { StoredFile } from "../media/store.ts";
import { type Names, setWords } from "../people/words.ts";
import type { users } from "../schema/users.ts";
import { getProfile, isCalled } from "./profile.ts";
import type { ProfileResponse } from "./responses.ts";
import type { ProfileUpdate } from "./schemas.ts";

type Row = Names & { email: string; language: Language };

/** How often the search words are written again, because others changed the names at the same moment. */
const TRIES = 5;

/**
 * Changes the caller's own profile; what is left out stays. A new password ends all other sessions, and its owner gets a
 * mail with a link to set another: a stolen token is enough to change it.
 * @throws ServiceError invalid for a username that somebody has; rate_limited
 */
export async function updateProfile(ctx: UserCtx, input: ProfileUpdate): Promise<ProfileResponse> {
  const { db, user } = ctx;
  const { profile_picture, password, ...fields } = input;
  const [row] = await db.all(sql<Row>`
    SELECT email, language, username, first_name, last_name
    FROM hub_users WHERE id = ${user.id} AND deleted_at IS NULL`);
  if (!row) throw notFound("User");
  await refuseTaken(ctx, input.username);
  const secured = password === undefined ? null : await secure(ctx, row, password);
  const names = namesOf(row, fields);
  const pictured = profile_picture === undefined ? [] : replacePicture(user.id, profile_picture);
  const changes = {
    ...fields,
    ...(profile_picture === undefined ? {} : { picture: profile_picture?.key ?? null }),
    ...(secured ? { password: secured.hash } : {}),
  };
  if (Object.keys(changes).length > 0) {
    try {
      const [, [changed], stored] = await db.batch([
        pictured,
        secured?.statements ?? [],
        updateUser(user.id, changes),
        setWords(user.id, names),
      ]);
      await keepWords(ctx, names, stored[0]);
      await ringRooms(ctx, changed ?? [], [user.id]);
    } catch (error) {
      // Race: somebody took the username after it was checked. The unique index has refused the whole batch.
      await refuseTaken(ctx, input.username);
      throw error;
    }
  }
  if (secured) sendSoon(ctx, secured.mailId);
  if (pictured.length) enqueueSoon(ctx, { type: "delete-files" });
  return getProfile(ctx);
}

async function refuseTaken({ db, user }: UserCtx, username: string | undefined): Promise<void> {
  if (username === undefined) return;
  const taken = await db.all(sql`SELECT 1 FROM hub_users WHERE ${isCalled(username)} AND id <> ${user.id}`);
  if (taken.length) throw badField("username", "A user with that username already exists.");
}

const updateUser = (id: number, changes: Parameters<typeof assign<typeof users>>[0]) =>
  sql<Names>`
    UPDATE hub_users SET ${assign<typeof users>(changes)} WHERE id = ${id} AND deleted_at IS NULL
    RETURNING username, first_name, last_name`;

/** The old picture goes, and the new one stays: before the row changes. */
const replacePicture = (id: number, picture: StoredFile | null): SQL[] => [
  dropFiles(sql`(SELECT picture FROM hub_users WHERE id = ${id})`),
  ...(picture ? [useFile(picture.key)] : []),
];

/** What a change of password without the old one needs besides. @throws ServiceError rate_limited */
async function secure(ctx: UserCtx, { email, language }: Row, password: string) {
  const { id, sessionId } = ctx.user;
  await countUse(ctx, "new_password", `user ${id}`);
  const [hash, reset] = await Promise.all([hashPassword(password), prepareReset(ctx, id)]);
  const values = { link: reset.link };
  const mail = await prepareMail(ctx, { to: email, language, kind: "password-changed", values });
  const statements: [SQL<ChangedRoom>, ...SQL[]] = [
    changeListened(sql`${id}`),
    sql`DELETE FROM hub_sessions WHERE user_id = ${id} AND id <> ${sessionId}`,
    sql`DELETE FROM hub_resets WHERE user_id = ${id}`,
    sql`DELETE FROM hub_codes WHERE user_id = ${id}`,
    reset.insert,
    mail.insert,
  ];
  return { hash, statements, mailId: mail.id };
}

function namesOf(row: Names, { username, first_name, last_name }: ProfileUpdate): Names {
  return {
    username: username ?? row.username,
    first_name: first_name ?? row.first_name,
    last_name: last_name ?? row.last_name,
  };
}

/**
 * Race: another change of the names may have come after they were read. Then the words are written again, together with
 * a look at the names, until they agree.
 */
async function keepWords({ db, user }: UserCtx, written: Names, stored: Names | undefined): Promise<void> {
  let [mine, theirs] = [written, stored];
  for (let left = TRIES; theirs && left > 0 && !isSame(mine, theirs); left--) {
    mine = theirs;
    const [, rows] = await db.batch([
      setWords(user.id, mine),
      sql<Names>`SELECT username, first_name, last_name FROM hub_users WHERE id = ${user.id}`,
    ]);
    theirs = rows[0];
  }
}

const isSame = (a: Names, b: Names): boolean =>
  a.username === b.username && a.first_name === b.first_name && a.last_name === b.last_name;
