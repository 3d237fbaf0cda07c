import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx, Language } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import { seal, unseal } from "./seal.ts";

/** What a mail is about. Each has a text in every language: see texts.ts. */
export type MailKind =
  /** values: code */
  | "signup-code"
  /** values: link (a whole URL) */
  | "reset-link"
  /** To the new address. values: code */
  | "email-code"
  /** values: code */
  | "delete-code"
  /** To the owner, after a change of password without the old one. values: link to set another */
  | "password-changed";

export interface Mail {
  to: string;
  language: Language;
  kind: MailKind;
  values: Record<string, string>;
}

/**
 * Makes the row of a mail, for the batch of the change that it tells of. Nothing of it is readable in the database.
 * @returns its id, for `sendSoon` after the batch
 */
export async function prepareMail(ctx: Ctx, mail: Mail): Promise<{ id: string; insert: SQL }> {
  const id = crypto.randomUUID();
  const now = Date.now();
  const sealed = await seal(ctx, id, JSON.stringify(mail));
  const insert = sql`
    INSERT INTO hub_mails (id, sealed, due_at, created_at) VALUES (${id}, ${sealed}, ${now}, ${now})`;
  return { id, insert };
}

/** Lets a job send a mail after the response. It never fails: cron finds what is due. */
export const sendSoon = (ctx: Ctx, id: string): void => enqueueSoon(ctx, { type: "mail", id });

/** Opens the mail of a row. @throws Error if it was sealed with another secret */
export const openMail = async (ctx: Ctx, id: string, sealed: string): Promise<Mail> =>
  JSON.parse(await unseal(ctx, id, sealed));
