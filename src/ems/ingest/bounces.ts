import {
  failedRecipients,
  failureIn,
  isDaemon,
  isMailSystem,
  messageIdFields,
} from "../../lib/delivery-report.ts";
import { messageIdsIn } from "../../lib/message-ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "../attachments/fetch.ts";
import { batch, type Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import type { ProviderMessage } from "../provider/port.ts";
import type { messages } from "../schema/mail.ts";
import { type BodyColumns, loadBody } from "./bodies.ts";
import { setDelivery } from "./delivery.ts";

// A bounce is a mail system's report that a mail of ours was not delivered. Providers report bounces of some
// mailboxes only, so we read them for all. A forged one must know our Message-ID, and can only mark that mail. We
// never reply.

const STATUS = ["message/delivery-status", "message/global-delivery-status"];
const ORIGINAL = ["text/rfc822-headers", "message/rfc822", "message/global-headers", "message/global"];

/** Bytes to read of each part; a status and the headers of a mail fit. */
const READ_BYTES = 65_536;
const MAX_PARTS = 10;
const MAX_REFERENCES = 20;

/** True for a mail that may be a bounce. A job then reads it. */
export const mayBeBounce = ({ from, attachments }: ProviderMessage): boolean =>
  (from !== undefined && (from.email === "" || isMailSystem(from.email))) ||
  (attachments ?? []).some(({ content_type }) => STATUS.includes(content_type));

/**
 * Enqueues the job that reads a mail as a bounce. If the queue fails, the next sweep that sees the mail tries
 * again.
 * @param references Message-IDs; the last 20 are used
 */
export async function enqueueBounce(
  ctx: Ctx,
  { id, company_id }: { id: string; company_id: number },
  references: string[] = [],
): Promise<void> {
  const nearest = references.slice(-MAX_REFERENCES);
  try {
    await enqueueJob(ctx, { type: "bounce", company_id, message_id: id, references: nearest });
  } catch (error) {
    log("warn", "bounce.not_enqueued", { message: id, error });
  }
}

type Report = BodyColumns &
  Pick<
    RowOf<typeof messages>,
    "id" | "account_id" | "company_id" | "from_address" | "subject" | "created_at"
  >;

/** How long the bounced mail may arrive after its report. */
const PATIENCE_SECONDS = 600;

/**
 * Job: if the message is a bounce of its account's mail, marks that mail as bounced and moves the message to its
 * thread. Safe to repeat.
 * @throws ProviderError when the provider fails
 * @throws Error while the bounced mail may still arrive; the queue tries again
 */
export async function readBounce(ctx: Ctx, job: { message_id: string; references: string[] }): Promise<void> {
  const [report] = await ctx.db.all(sql<Report>`
    SELECT id, account_id, company_id, from_address, subject, created_at, body_key, body_text, body_html
    FROM ems_messages WHERE id = ${job.message_id} AND direction = 'inbound'`);
  if (!report) return;
  const parts = await loadReportParts(ctx, report);
  const { body_text, body_html } = await loadBody(ctx, report);
  const text = (body_text ?? body_html?.slice(0, READ_BYTES).replace(/<[^<>]*>/g, "\n") ?? "").slice(
    0,
    READ_BYTES,
  );
  const detail = readFailure(report, parts.status, text);
  if (detail === null) return;
  const fields = [
    ...parts.original.flatMap((head) => messageIdFields(head).slice(0, 1)),
    ...messageIdFields(text),
  ];
  const bodyIds = fields.slice(0, MAX_REFERENCES).flatMap((field) => messageIdsIn(field).map(({ id }) => id));
  const ids = [...bodyIds, ...job.references.toReversed()];
  const original = await findSent(ctx, report, ids);
  if (!original) {
    if (ids.length === 0 || nowSeconds() - report.created_at > PATIENCE_SECONDS) return;
    throw new Error("The bounced mail is not stored yet");
  }
  const account = { id: report.account_id, company_id: report.company_id };
  const providerIds = [original.provider_message_id];
  await batch(ctx, [
    sql`
      UPDATE ems_messages SET thread_id = m.thread_id, threaded_by = 'references'
      FROM (SELECT thread_id FROM ems_messages WHERE id = ${original.id}) m
      WHERE id = ${report.id}`,
  ]);
  // Also notifies the hub of the batch above.
  await setDelivery(ctx, { account, cause: report.id, providerIds, messageIds: [] }, "bounced", detail);
}

/** Extracts the failure for display. @returns null when the report has no failure */
function readFailure(report: Report, status: string[], text: string): string | null {
  const detail = status
    .flatMap(failedRecipients)
    .map(({ address, code, reason }) => [address, code, reason].filter(Boolean).join(": "))
    .join("; ");
  if (detail !== "" || status.length > 0) return detail || null;
  // Older systems send no status part. A person may write as postmaster, and a warning is not a failure.
  if (report.from_address !== "" && !isMailSystem(report.from_address)) return null;
  const failure = failureIn(text);
  if (failure !== null) return failure;
  const isWarning = /delay|warning|will (be )?retr|try again|4\.\d{1,3}\.\d{1,3}/i.test(
    `${report.subject}\n${text}`,
  );
  const saysSo = /undeliver|not be delivered|not delivered|returned (mail|to sender)|failure|failed/i;
  return !isWarning && isDaemon(report.from_address) && saysSo.test(`${report.subject}\n${text}`)
    ? report.subject
    : null;
}

async function findSent(ctx: Ctx, { account_id }: Report, ids: string[]) {
  const [sent] = await ctx.db.all(sql<{ id: string; provider_message_id: string }>`
    SELECT m.id, m.provider_message_id FROM json_each(${JSON.stringify(ids)}) j CROSS JOIN ems_messages m
      ON m.account_id = ${account_id} AND m.internet_message_id = j.value
    WHERE m.direction = 'outbound' LIMIT 1`);
  return sent;
}

/** Reads the first bytes of the parts with the status and with the bounced mail's headers. */
async function loadReportParts(ctx: Ctx, { id }: Report): Promise<{ status: string[]; original: string[] }> {
  const rows = await ctx.db.all(sql<StoredAttachment & { content_type: string }>`
    SELECT a.id, a.company_id, a.content_type, a.provider_attachment_id, a.stored_at, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${id}`);
  const relevant = rows.filter(({ content_type }) => [...STATUS, ...ORIGINAL].includes(content_type));
  const parts: { status: string[]; original: string[] } = { status: [], original: [] };
  for (const row of relevant.slice(0, MAX_PARTS)) {
    if (!(await storeAttachment(ctx, row))) continue;
    const object = await ctx.env.ATTACHMENTS.get(keyOf(row), { range: { offset: 0, length: READ_BYTES } });
    if (object) parts[STATUS.includes(row.content_type) ? "status" : "original"].push(await object.text());
  }
  return parts;
}
