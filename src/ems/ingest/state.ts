import { isMailSystem } from "../../lib/delivery-report.ts";
import { excerpt, readableSnippet } from "../../lib/text.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Address, ProviderMessage } from "../provider/port.ts";
import type { messages } from "../schema/mail.ts";
import type { FilePlan } from "./files.ts";

/** A row of ems_messages whose flags are booleans. */
type Message = typeof messages.$inferSelect;

/** What ingest needs of an account. */
export interface MailAccount {
  id: string;
  company_id: number;
  email_address: string;
  /** Needed to ask the provider. */
  grant_id?: string | null;
}

/** An account with a grant. */
export interface ConnectedAccount extends MailAccount {
  grant_id: string;
}

/** The columns of a message that the provider decides. */
export type State = Pick<
  Message,
  | ("provider_thread_id" | "internet_message_id" | "message_id_written" | "from_address" | "from_name")
  | ("to_addresses" | "cc_addresses" | "bcc_addresses" | "reply_to_addresses" | "subject" | "snippet")
  | ("direction" | "folder" | "has_attachments" | "attachment_count" | "sent_at" | "body_digest")
>;

/**
 * Merges an update over the stored state. A field that is absent in the update keeps its value.
 * @param filing its folder and direction: see folders.ts
 * @param isMarkup whether the new body is HTML
 * @param files null when the update has no new files or body
 */
export function mergeState(
  stored: State | undefined,
  update: ProviderMessage,
  filing: Pick<State, "folder" | "direction">,
  bodyDigest: string | null,
  isMarkup: boolean,
  files: FilePlan | null,
): State {
  const from = update.from?.email
    ? update.from
    : { email: stored?.from_address ?? "", name: update.from?.name ?? stored?.from_name ?? null };
  const snippet = update.snippet ? readableSnippet(update.snippet) : null;
  return {
    // Providers group delivery reports of many mails into one thread, so ignore that thread.
    provider_thread_id: isMailSystem(from.email)
      ? null
      : (update.thread_id ?? stored?.provider_thread_id ?? null),
    internet_message_id: update.internet_message_id ?? stored?.internet_message_id ?? null,
    message_id_written:
      (update.internet_message_id ? update.written_message_id : stored?.message_id_written) ?? null,
    from_address: from.email,
    from_name: from.name,
    to_addresses: toJson(update.to) ?? stored?.to_addresses ?? "[]",
    cc_addresses: toJson(update.cc) ?? stored?.cc_addresses ?? null,
    bcc_addresses: toJson(update.bcc) ?? stored?.bcc_addresses ?? null,
    reply_to_addresses: update.reply_to?.length
      ? (toJson(update.reply_to) ?? null)
      : (stored?.reply_to_addresses ?? null),
    subject: update.subject ?? stored?.subject ?? "",
    snippet: snippet ?? (update.body ? excerpt(update.body, isMarkup) : null) ?? stored?.snippet ?? null,
    ...filing,
    has_attachments: files?.has_attachments ?? stored?.has_attachments ?? false,
    attachment_count: files?.attachment_count ?? stored?.attachment_count ?? 0,
    sent_at: stored?.sent_at ?? update.date ?? nowSeconds(),
    body_digest: bodyDigest ?? stored?.body_digest ?? null,
  };
}

/** When the provider saw the stored state, body and files, in milliseconds; null if unknown. */
export type Observed = Pick<Message, "observed_at" | "body_observed_at" | "files_observed_at">;

/**
 * Reduces an older update to what it can still add: absent fields, and a body or files newer than the stored ones.
 * A newer notification may have come without them.
 * @returns the message without the fields that are known
 */
export function onlyMissing(
  stored: State & Observed,
  update: ProviderMessage,
  observedAt: number,
): ProviderMessage {
  const { id, thread_id, internet_message_id, written_message_id, references } = update;
  const { cc, bcc, reply_to, snippet, body, attachments } = update;
  const missing: ProviderMessage = { id };
  if (stored.provider_thread_id === null && thread_id !== undefined) missing.thread_id = thread_id;
  if (stored.internet_message_id === null && internet_message_id !== undefined) {
    missing.internet_message_id = internet_message_id;
    if (written_message_id) missing.written_message_id = written_message_id;
    if (references) missing.references = references;
  }
  if (stored.cc_addresses === null && cc) missing.cc = cc;
  if (stored.bcc_addresses === null && bcc) missing.bcc = bcc;
  if (stored.reply_to_addresses === null && reply_to) missing.reply_to = reply_to;
  if (stored.snippet === null && snippet) missing.snippet = snippet;
  const isNewer = (knownAt: number | null, isKnown: boolean) =>
    observedAt > (knownAt ?? (isKnown ? stored.observed_at : Number.NEGATIVE_INFINITY));
  if (body !== undefined && isNewer(stored.body_observed_at, stored.body_digest !== null))
    missing.body = body;
  if (attachments && isNewer(stored.files_observed_at, stored.attachment_count > 0)) {
    missing.attachments = attachments;
  }
  return missing;
}

/** True when an update changes nothing. */
export const isSame = (stored: State, state: State): boolean =>
  (Object.keys(state) as (keyof State)[]).every((column) => stored[column] === state[column]);

const toJson = (list: Address[] | undefined): string | undefined =>
  list && JSON.stringify(list.map(({ name, email }) => (name ? { name, email } : { email })));
