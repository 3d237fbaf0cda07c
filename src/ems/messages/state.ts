import { excerpt, isHtml } from "../../lib/text.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Address, ProviderAttachment, ProviderMessage } from "../provider/port.ts";
import type { Folder } from "../schema/mail.ts";

/** What of an account its mail depends on. */
export interface MailAccount {
  id: string;
  company_id: number;
  email_address: string;
  /** Where its provider can be asked. */
  grant_id?: string | null;
}

/** An account whose mail can be asked for. */
export interface ConnectedAccount extends MailAccount {
  grant_id: string;
}

/** The columns of a message that the provider decides. */
export interface State {
  provider_thread_id: string | null;
  internet_message_id: string | null;
  from_address: string;
  from_name: string | null;
  to_addresses: string;
  cc_addresses: string | null;
  bcc_addresses: string | null;
  subject: string;
  snippet: string | null;
  direction: "inbound" | "outbound";
  folder: Folder;
  has_attachments: boolean;
  attachment_count: number;
  sent_at: number;
  body_digest: string | null;
}

/**
 * What is known of a message after the provider has spoken: what it told, over what was stored. A field that it
 * did not tell keeps its value.
 * @param placed where it lies now: see folders.ts
 */
export function mergeState(
  stored: State | undefined,
  told: ProviderMessage,
  placed: Pick<State, "folder" | "direction">,
  bodyDigest: string | null,
): State {
  const from = told.from ?? { email: stored?.from_address ?? "", name: stored?.from_name ?? null };
  const hasAttachments = told.attachments && attachmentsOf(told).some(({ is_inline }) => !is_inline);
  return {
    provider_thread_id: told.thread_id ?? stored?.provider_thread_id ?? null,
    internet_message_id: told.internet_message_id ?? stored?.internet_message_id ?? null,
    from_address: from.email,
    from_name: from.name,
    to_addresses: toJson(told.to) ?? stored?.to_addresses ?? "[]",
    cc_addresses: toJson(told.cc) ?? stored?.cc_addresses ?? null,
    bcc_addresses: toJson(told.bcc) ?? stored?.bcc_addresses ?? null,
    subject: told.subject ?? stored?.subject ?? "",
    snippet: told.snippet || (told.body ? excerpt(told.body) : null) || (stored?.snippet ?? null),
    ...placed,
    has_attachments: hasAttachments ?? stored?.has_attachments ?? false,
    attachment_count: told.attachments?.length ?? stored?.attachment_count ?? 0,
    sent_at: stored?.sent_at ?? told.date ?? nowSeconds(),
    body_digest: bodyDigest ?? stored?.body_digest ?? null,
  };
}

/**
 * What an older notification can still add: only what nobody has told yet.
 * @returns the message without the fields that are known
 */
export function onlyMissing(stored: State, told: ProviderMessage): ProviderMessage {
  const { id, thread_id, internet_message_id, references, cc, bcc, snippet, body, attachments } = told;
  const missing: ProviderMessage = { id };
  if (stored.provider_thread_id === null && thread_id !== undefined) missing.thread_id = thread_id;
  if (stored.internet_message_id === null && internet_message_id !== undefined) {
    missing.internet_message_id = internet_message_id;
    if (references) missing.references = references;
  }
  if (stored.cc_addresses === null && cc) missing.cc = cc;
  if (stored.bcc_addresses === null && bcc) missing.bcc = bcc;
  if (stored.snippet === null && snippet) missing.snippet = snippet;
  if (stored.body_digest === null && body !== undefined) missing.body = body;
  if (stored.attachment_count === 0 && attachments) missing.attachments = attachments;
  return missing;
}

/** True when the provider has told nothing new. */
export const isSame = (stored: State, state: State): boolean =>
  (Object.keys(state) as (keyof State)[]).every((column) => stored[column] === state[column]);

/** A message's attachments, told apart by whether its HTML shows them inline. */
export function attachmentsOf({
  attachments,
  body,
}: ProviderMessage): (ProviderAttachment & { is_inline: boolean })[] {
  const html = body && isHtml(body) ? body.toLowerCase() : "";
  return (attachments ?? []).map((attachment) => ({
    ...attachment,
    is_inline: attachment.content_id !== null && isShown(html, attachment.content_id.toLowerCase()),
  }));
}

/** @param html in lower case: neither the scheme nor what clients make of an id keeps its case */
const isShown = (html: string, contentId: string): boolean =>
  html.includes(`cid:${contentId}`) || html.includes(`cid:${encodeURIComponent(contentId).toLowerCase()}`);

const toJson = (list: Address[] | undefined): string | undefined =>
  list && JSON.stringify(list.map(({ name, email }) => (name ? { name, email } : { email })));
