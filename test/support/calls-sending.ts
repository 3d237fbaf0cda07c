import { mailOf, receiveWhole } from "./calls-intake.ts";
import { type Client, unique } from "./client.ts";
import { db } from "./db.ts";
import { type Grown, type GrownMailbox, middle } from "./grown.ts";
import { breakRoute } from "./nylas.ts";
import type { ObservedWorker } from "./observed-worker.ts";

const mailTo = ({ id }: { id: string }, more: object = {}) => ({
  email_account_id: id,
  to: [{ email: "c@out.example" }],
  subject: "Subject",
  body_html: "<p>Hello</p>",
  ...more,
});

/** Sends in each way, at once and scheduled, with and without success. */
export async function send(worker: ObservedWorker, grown: Grown): Promise<void> {
  const { mailbox, users } = grown;
  const as = users.fresh;
  const question = await receiveWhole(worker, mailbox);
  const ids = { message_id: question };
  const { body: read } = await worker.request("GET /messages/:message_id", { as, ids });
  for (const { id } of read.attachments) {
    await worker.request("GET /attachments/:attachment_id/download", { as, ids: { attachment_id: id } });
  }
  await worker.request("GET /messages/:message_id/html", { as, ids, query: "images=1" });
  const { body: thread } = await worker.request("GET /threads/:thread_id", {
    as,
    ids: { thread_id: read.thread_id },
  });
  const seen = { "if-match": `"${thread.version}"` };
  const written = mailTo(mailbox);
  await worker.request("POST /messages/:message_id/reply", { as, ids, body: written, headers: seen });
  await worker.request("POST /messages/:message_id/reply", {
    as,
    ids,
    body: written,
    headers: seen,
    status: 409,
  });
  await worker.request("POST /messages/:message_id/reply-all", {
    as,
    ids,
    body: { body_html: "<p>All</p>" },
  });
  await worker.request("POST /messages/:message_id/forward", { as, ids, body: written });
  const answer = mailTo(mailbox, { reply_to_message_id: question });
  await worker.request("POST /messages/send", { as, body: answer });
  await replyInLongThread(worker, grown);
  await sendUnderKey(worker, mailbox, as);
  await sendLater(worker, mailbox, as);
  await failToSend(worker, mailbox, as);
}

/** The sender has the current thread version. The provider does not have the original, and refuses. */
async function replyInLongThread(
  worker: ObservedWorker,
  { mailbox, longThread, users: { fresh: as } }: Grown,
): Promise<void> {
  const version = await db
    .prepare("SELECT version FROM ems_threads WHERE id = ?")
    .bind(longThread.id)
    .first<number>("version");
  await worker.request("POST /messages/:message_id/reply", {
    as,
    ids: { message_id: longThread.oldest },
    body: mailTo(mailbox),
    headers: { "if-match": `"${version}"` },
    status: 502,
  });
}

/** Twice each: a small response is stored in the row, a large one in R2. */
async function sendUnderKey(worker: ObservedWorker, mailbox: GrownMailbox, as: Client): Promise<void> {
  const route = "POST /messages/send";
  for (const body of [mailTo(mailbox), mailTo(mailbox, { body_html: "x".repeat(100_000) })]) {
    const headers = { "idempotency-key": `key${unique()}` };
    await worker.request(route, { as, body, headers });
    await worker.request(route, { as, body, headers });
  }
}

/** One is cancelled, one is sent. */
async function sendLater(worker: ObservedWorker, mailbox: GrownMailbox, as: Client): Promise<void> {
  const body = mailTo(mailbox, { undo_seconds: 60 });
  const { body: waiting } = await worker.request("POST /messages/send", { as, body });
  const ids = { outbox_id: waiting.id };
  await worker.request("GET /outbox/:outbox_id", { as, ids });
  await worker.waitForDelayed();
  await worker.request("POST /outbox/:outbox_id/cancel", { as, ids });
  const { body: due } = await worker.request("POST /messages/send", { as, body });
  await db.prepare("UPDATE ems_outbox SET due_at = 1 WHERE id = ?").bind(due.id).run();
  await worker.waitForDelayed();
}

/** One per failure: refused, unknown, rate limited. Each is retried. */
async function failToSend(worker: ObservedWorker, mailbox: GrownMailbox, as: Client): Promise<void> {
  const fail = (kind: string) => breakRoute(`POST /v3/grants/${mailbox.grant_id}/messages/send`, kind);
  const headers = { "idempotency-key": `key${unique()}` };
  await fail("429");
  await worker.request("POST /messages/send", { as, headers, body: mailTo(mailbox), status: 502 });
  await worker.request("POST /messages/send", { as, headers, body: mailTo(mailbox) });
  await fail("500");
  await worker.request("POST /messages/send", { as, body: mailTo(mailbox), status: 502 });
  await worker.notify(
    "message.created",
    mailOf(mailbox, { id: "came back", from: [{ email: mailbox.email_address }] }),
  );
  await worker.waitForDelayed();
  const body = mailTo(mailbox, { undo_seconds: 60 });
  const { body: limited } = await worker.request("POST /messages/send", { as, body });
  await db.prepare("UPDATE ems_outbox SET due_at = 1 WHERE id = ?").bind(limited.id).run();
  await fail("429");
  await worker.waitForDelayed();
}

/** Writes drafts. One is sent, one deleted and one refused. */
export async function writeDrafts(
  worker: ObservedWorker,
  { mailbox, users: { fresh: as } }: Grown,
): Promise<void> {
  const begin = async () => {
    const { body } = await worker.request("POST /drafts", { as, body: mailTo(mailbox) });
    return { draft_id: body.id as string };
  };
  const change = { body_html: "<p>Changed</p>", reply_to_message_id: middle(mailbox, 50).id };
  const [ids, gone, refused] = [await begin(), await begin(), await begin()];
  await worker.request("PATCH /drafts/:draft_id", { as, ids: gone, body: change });
  await worker.request("PATCH /drafts/:draft_id", {
    as,
    ids,
    body: { subject: "Changed" },
    headers: { "if-match": '"7"' },
    status: 409,
  });
  await worker.request("GET /drafts/:draft_id", { as, ids });
  await worker.request("GET /drafts/:draft_id/files", { as, ids });
  await worker.request("POST /drafts/:draft_id/send", { as, ids });
  await worker.request("DELETE /drafts/:draft_id", { as, ids: gone });
  await breakRoute(`POST /v3/grants/${mailbox.grant_id}/messages/send`, "429");
  await worker.request("POST /drafts/:draft_id/send", { as, ids: refused, status: 502 });
}

/** Uploads a file, names it in a draft, sends it, downloads it, and sends it on. An upload that breaks off is removed. */
export async function uploadFiles(worker: ObservedWorker, { mailbox, users: { fresh: as } }: Grown) {
  const form = new FormData();
  form.append("files", new File(["a file"], "a.txt"));
  const { body: uploads } = await worker.request("POST /attachments", { as, body: form });
  const body = mailTo(mailbox, { attachment_ids: uploads.map(({ id }: { id: string }) => id) });
  const { body: draft } = await worker.request("POST /drafts", { as, body });
  await worker.request("GET /drafts/:draft_id/files", { as, ids: { draft_id: draft.id } });
  await worker.request("GET /attachments/:attachment_id/download", {
    as,
    ids: { attachment_id: uploads[0].id },
  });
  const { body: sent } = await worker.request("POST /messages/send", { as, body });
  const { body: download } = await worker.request("GET /attachments/:attachment_id/download", {
    as,
    ids: { attachment_id: sent.attachments[0].id },
  });
  const { pathname, search } = new URL(download.download_url);
  await worker.request("GET /files/:key{[a-z]+/.+}", {
    ids: { key: pathname.replace("/files/", "") },
    query: search.slice(1),
  });
  const onwards = mailTo(mailbox, { attachment_ids: [sent.attachments[0].id] });
  await worker.request("POST /messages/send", { as, body: onwards });
  const broken = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\na file';
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  await worker.request("POST /attachments", { as, body: broken, headers, status: 400 });
}
