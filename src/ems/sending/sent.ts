import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { batch, type Ctx } from "../context.ts";
import { applyMessage } from "../ingest/apply.ts";
import type { MailAccount } from "../ingest/state.ts";
import type { OutgoingMail, ProviderAttachment, ProviderMessage } from "../provider/port.ts";
import { findEntry, type OutboxRow, type StoredMail, setSent } from "./entry.ts";

/** What one attempt to send needs: the entry, its account and the mail's content. */
export interface Outgoing {
  entry: OutboxRow;
  account: MailAccount & { grant_id: string | null; grant_provider: string | null; status: string };
  mail: StoredMail;
}

/**
 * Converts a mail to the provider's form. Attachment bytes are read from R2 only when opened.
 * @param marker lets the mail be found in the mailbox later
 */
export function toOutgoingMail(
  { env }: Ctx,
  { files, text: _ours, ...mail }: StoredMail,
  marker: string,
): OutgoingMail {
  const attachments = files.map(({ key, ...file }) => ({
    ...file,
    open: async () => {
      const object = await env.ATTACHMENTS.get(key);
      if (!object) throw new Error(`The bytes of ${key} are gone`);
      return object.body as ReadableStream<Uint8Array>;
    },
  }));
  return { ...mail, attachments, marker };
}

/**
 * Stores a sent mail in one batch: message, thread, the sender's read state, events and the entry's state. Safe to
 * repeat, and to run after the mail's own notification.
 * @returns the entry as stored now
 */
export async function recordSent(
  ctx: Ctx,
  { entry, account, mail }: Outgoing,
  sent: ProviderMessage,
): Promise<OutboxRow> {
  const { id, user_id, thread_id } = entry;
  const applied = await applyMessage(ctx, account, {
    message: { ...fieldsOf(mail, sent), ...(await attachmentsOf(ctx, account, mail, sent)) },
    observedAt: nowSeconds() * 1000,
    cause: uuidv7(),
    sent: {
      userId: user_id,
      text: mail.text,
      threadId: thread_id,
      alongside: (messageId) => setSent(id, messageId),
    },
  });
  // Deleted at the provider already. It was sent nevertheless.
  if (applied.id === null) await batch(ctx, setSent(id, null));
  return (await findEntry(ctx, id)) ?? entry;
}

/** Our copy of the mail's fields, under the provider's ids. */
const fieldsOf = (
  mail: StoredMail,
  { attachments: _incomplete, ...sent }: ProviderMessage,
): ProviderMessage => ({
  ...sent,
  from: mail.from,
  to: mail.to,
  cc: mail.cc,
  bcc: mail.bcc,
  subject: mail.subject,
  body: mail.html,
  date: sent.date ?? nowSeconds(),
});

/**
 * The provider's response may omit the attachments. Then fetch the message; if that fails, its notification adds
 * them.
 */
async function attachmentsOf(
  ctx: Ctx,
  { grant_id }: Outgoing["account"],
  { files }: StoredMail,
  sent: ProviderMessage,
): Promise<{ attachments?: ProviderAttachment[] }> {
  if (files.length === 0) return { attachments: [] };
  if (sent.attachments?.length) return { attachments: sent.attachments };
  const stored =
    grant_id === null
      ? null
      : await ctx
          .providerOf({ grant_id })
          .getMessage(grant_id, sent.id)
          .catch(() => null);
  return stored?.attachments ? { attachments: stored.attachments } : {};
}
