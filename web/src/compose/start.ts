import { api, queries, type Schemas, take } from "../api.ts";
import { mailboxesQuery } from "../mailboxes.ts";
import { threadQuery } from "../thread/query.ts";
import { isKnownPicture, keepPicture, splitBody } from "./html.ts";
import { keptFor } from "./kept.ts";
import { EMPTY, type Mail, type MailFile } from "./mail.ts";
import type { Intent } from "./open.ts";

/** A mail as it was begun, and as it is: more, if this browser has kept more. */
export interface Start {
  begun: Mail;
  mail: Mail;
  /** Of what was kept; null for a mail that is begun now. */
  key: string | null;
}

/** Begins a mail. @throws ApiError, TypeError if it cannot read what the mail begins from */
export async function startMail(intent: Intent): Promise<Start> {
  const kept = keptFor(intent);
  if (kept) {
    await loadPictures(kept.mail);
    return { begun: await begunAs(kept.mail), mail: kept.mail, key: kept.key };
  }
  if (intent.kind === "kept") return startMail({ kind: "new" });
  const begun =
    intent.kind === "new"
      ? await startNew(intent)
      : intent.kind === "draft"
        ? await startFromDraft(intent.draft_id)
        : await startAnswer(intent);
  return { begun, mail: begun, key: null };
}

/** What a kept mail was begun as: nothing, so that it is saved again. */
const begunAs = async (mail: Mail): Promise<Mail> => ({
  ...mail,
  ...{ to: [], cc: [], bcc: [], subject: "", text: "", files: [] },
});

const LAST_USED = "xabar.from";

/** Remembers from which mailbox somebody writes. */
export const rememberMailbox = (id: string): void => localStorage.setItem(LAST_USED, id);

async function startNew(intent: Extract<Intent, { kind: "new" }>): Promise<Mail> {
  const accounts = await queries.ensureQueryData(mailboxesQuery);
  const usable = accounts.filter(({ status }) => status !== "disconnected");
  const wanted = [
    intent.account_id,
    new URLSearchParams(location.search).get("mailbox"),
    localStorage.getItem(LAST_USED),
  ];
  const chosen = wanted.find((id) => usable.some((account) => account.id === id));
  return {
    ...EMPTY,
    account_id: chosen ?? usable[0]?.id ?? accounts[0]?.id ?? "",
    to: (intent.to ?? []).map(({ name = null, email }) => ({ name, email })),
  };
}

async function startAnswer(intent: Extract<Intent, { message_id: string }>): Promise<Mail> {
  const { kind, message_id, thread_id } = intent;
  const params = { path: { message_id }, query: { as: kind } };
  const [form, thread] = await Promise.all([
    take(api.GET("/messages/{message_id}/compose", { params })),
    kind === "forward" ? null : seenThread(thread_id),
  ]);
  const mail: Mail = {
    ...EMPTY,
    kind,
    account_id: form.email_account_id,
    to: form.to,
    cc: form.cc,
    subject: form.subject,
    quote: form.quoted_html,
    files: form.attachments.map(({ id, filename, content_type, size_bytes, content_id, is_inline }) => ({
      ...{ id, filename, content_type, size_bytes },
      content_id: is_inline ? content_id : null,
    })),
    reply_to_message_id: form.reply_to_message_id,
    original_id: message_id,
    thread,
  };
  await loadPictures(mail);
  return mail;
}

/** The conversation in the version that this page shows. */
export async function seenThread(id: string): Promise<NonNullable<Mail["thread"]>> {
  const { version, messages } = await queries.ensureQueryData(threadQuery(id, "inbox"));
  return { id, version, seen: messages.map((message) => message.id) };
}

async function startFromDraft(id: string): Promise<Mail> {
  const draft = await take(api.GET("/drafts/{draft_id}", { params: { path: { draft_id: id } } }));
  return mailOfDraft(draft);
}

/** The mail that a stored draft has. */
export async function mailOfDraft(draft: Schemas["DraftResponse"]): Promise<Mail> {
  const { reply_to_message_id: original } = draft;
  const people = (list: { name?: string | null; email: string }[]) =>
    list.map(({ name = null, email }) => ({ name, email }));
  const [files, thread] = await Promise.all([
    draft.attachment_ids.length ? filesOfDraft(draft.id) : [],
    original ? threadOf(original) : null,
  ]);
  const mail: Mail = {
    ...EMPTY,
    kind: original ? "reply" : "new",
    account_id: draft.email_account_id,
    to: people(draft.to),
    cc: people(draft.cc),
    bcc: people(draft.bcc),
    subject: draft.subject,
    ...splitBody(draft.body_html),
    files,
    reply_to_message_id: original,
    original_id: original,
    thread,
    draft: { id: draft.id, version: draft.version },
  };
  await loadPictures(mail);
  return mail;
}

async function threadOf(messageId: string): Promise<Mail["thread"]> {
  const params = { path: { message_id: messageId } };
  const message = await take(api.GET("/messages/{message_id}", { params })).catch(() => null);
  return message && seenThread(message.thread_id);
}

/** Finds the files of a draft, with their names. */
async function filesOfDraft(id: string): Promise<MailFile[]> {
  const files = await take(api.GET("/drafts/{draft_id}/files", { params: { path: { draft_id: id } } }));
  return files.map(({ is_inline, ...file }) => ({
    ...file,
    content_id: is_inline ? file.content_id : null,
  }));
}

/** Finds where the images of a mail are, so that its text and its quote show them. Without one it shows its name. */
async function loadPictures({ files }: Mail): Promise<void> {
  const load = async ({ id, content_id }: MailFile) => {
    if (content_id === null || isKnownPicture(content_id)) return;
    const path = { attachment_id: id };
    const { download_url } = await take(
      api.GET("/attachments/{attachment_id}/download", { params: { path } }),
    );
    keepPicture(content_id, download_url);
  };
  await Promise.allSettled(files.map(load));
}
