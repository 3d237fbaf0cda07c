import { type Mail, openMail } from "../../src/hub/mail/outbox.ts";
import { hubContext, hubDb } from "./hub-client.ts";

/** The mails to an address that wait to be sent, oldest first. In tests there is no way to send, so they stay. */
export async function mailsTo(address: string): Promise<Mail[]> {
  const { results } = await hubDb
    .prepare("SELECT id, sealed FROM hub_mails WHERE sealed IS NOT NULL ORDER BY rowid")
    .all<{ id: string; sealed: string }>();
  const mails = await Promise.all(results.map(({ id, sealed }) => openMail(hubContext(), id, sealed)));
  return mails.filter(({ to }) => to === address);
}

/** The newest mail to an address. @throws Error without one */
export async function lastMailTo(address: string): Promise<Mail> {
  const last = (await mailsTo(address)).at(-1);
  if (!last) throw new Error("no mail to that address");
  return last;
}
