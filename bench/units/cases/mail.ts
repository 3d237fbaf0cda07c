import type { InboundMail } from "../../../dev/nylas/sim.ts";
import { eventually } from "../../support/clock.ts";
import { filledId } from "../../support/fill.ts";
import { call, idOf, notify, type Stage, toObject } from "../stage.ts";
import { type About, type Case, having, plain } from "./case.ts";

/** As in the fill. */
const KNOWN_THREAD = "thread-7";
const LINE = "this is a mail of middling length. ";
/** Above the limit of bodies in rows. */
const LARGE = LINE.repeat(300);
const FILE_BYTES = 40_000;
const UNDO_SECONDS = 2;
const READERS = 50;

const file = {
  ...{ filename: "order.pdf", contentType: "application/pdf" },
  content: new Uint8Array(FILE_BYTES),
};

/** Stores a message at the provider. @returns the object of its notification */
function receive({ sim, mailbox }: Stage, mail: Partial<InboundMail> = {}) {
  const [message] = sim.inbound({
    from: { email: "customer@out.example", name: "A Customer" },
    to: [{ email: mailbox.email }],
    subject: "About order",
    html: `<p>Dear team,</p><p>${LINE.repeat(40)}</p>`,
    silent: true,
    ...mail,
  });
  if (!message) throw new Error(`Nobody has the mailbox ${mailbox.email}`);
  return toObject(message);
}

type Mail = ReturnType<typeof receive>;

const newId = (): string => crypto.randomUUID();

const inKnownThread = async (stage: Stage): Promise<Mail> => ({
  ...receive(stage),
  thread_id: KNOWN_THREAD,
});

/** A new message: notification, queue and consumer. */
const created = (name: string, prepare: (stage: Stage) => Promise<Mail>, about: About = {}): Case =>
  having(name, about, prepare, (stage, mail) => notify(stage, "message.created", mail, newId()));

/** A new message in a known thread. */
export const newMail = (name: string, about: About = {}): Case => created(name, inKnownThread, about);

/** A message that has been ingested. */
async function arrived(stage: Stage, mail?: Partial<InboundMail>): Promise<{ mail: Mail; id: string }> {
  const message = receive(stage, mail);
  const id = newId();
  await notify(stage, "message.created", message, id);
  return { mail: message, id };
}

const INTAKE: Case[] = [
  newMail("new mail, known thread", { route: "POST /webhooks/nylas" }),
  created("new mail, known thread, body in R2", async (stage) => ({
    ...receive(stage, { html: LARGE }),
    thread_id: KNOWN_THREAD,
  })),
  created("new mail, new thread", async (stage) => receive(stage)),
  created("new mail with a file", async (stage) => receive(stage, { attachments: [file] })),
  created("new mail of 200 KB", async (stage) => receive(stage, { html: LINE.repeat(5800) })),
  created("late mail, known thread, 1 user has read all around it", (stage) => lateMail(stage)),
  created(`late mail, known thread, ${READERS} users have`, lateMailForMany),
  having(
    "a message, its body in R2",
    {},
    (stage) => original(stage, { html: LARGE }),
    (stage, id) => call(stage, "newcomer", "GET", `/messages/${id}`),
  ),
  having("duplicate delivery", {}, arrived, (stage, { mail, id }) =>
    notify(stage, "message.created", mail, id),
  ),
  having("the same mail under another id", {}, arrived, (stage, { mail }) =>
    notify(stage, "message.created", mail, newId()),
  ),
  having("message.updated, folders only", {}, arrived, (stage, { mail }) =>
    notify(stage, "message.updated", { ...mail, folders: ["INBOX", "IMPORTANT"] }, newId()),
  ),
  having("message.updated, another subject", {}, arrived, (stage, { mail }) =>
    notify(stage, "message.updated", { ...mail, subject: "About another order" }, newId()),
  ),
  having("message.deleted", {}, arrived, (stage, { mail }) => {
    const { id, grant_id, object } = mail;
    return notify(stage, "message.deleted", { id, grant_id, object }, newId());
  }),
  plain("a trigger that is ignored", {}, (stage) =>
    notify(stage, "folder.updated", { id: "INBOX", grant_id: stage.mailbox.grantId }, newId()),
  ),
];

/** A message dated among those that the user `reader` has read. */
async function lateMail(
  stage: Stage,
  after = filledId("message", 1, stage.mailbox.messages / 2),
): Promise<Mail> {
  const { sent_at } = await call(stage, "newcomer", "GET", `/messages/${after}`);
  return { ...receive(stage, { date: Date.parse(sent_at) + 30_000 }), thread_id: KNOWN_THREAD };
}

/** The same for more users with a dense range around it. Their other entries are not needed. */
async function lateMailForMany(stage: Stage): Promise<Mail> {
  const { db } = stage.worker;
  await db
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${READERS - 1})
       INSERT INTO ems_inbox_stretches SELECT 1000 + i, account_id, newest_at, newest_id, oldest_at, oldest_id
       FROM n, (SELECT * FROM ems_inbox_stretches WHERE user_id = ? AND account_id = ? ORDER BY newest_at LIMIT 1)`,
    )
    .bind(idOf("reader"), stage.mailbox.accountId)
    .run();
  const at = filledId("message", 1, stage.mailbox.messages / 4);
  return lateMail(stage, at);
}

/** A message with an attachment, to reply to. @returns its id here, after ingest */
async function original(stage: Stage, mail: Partial<InboundMail> = {}): Promise<string> {
  const subject = newId();
  await arrived(stage, { attachments: [file], subject, ...mail });
  return eventually("The mail comes in", async () => {
    const { items } = await call(stage, "colleague", "GET", "/messages/?size=5");
    return (items as { id: string; subject: string }[]).find((message) => message.subject === subject)?.id;
  });
}

const written = ({ mailbox }: Stage) => ({
  email_account_id: mailbox.accountId,
  to: [{ email: "customer@out.example" }],
  subject: "About order",
  body_html: `<p>Dear customer,</p><p>${LINE.repeat(10)}</p>`,
});

/** Our newest sent message, as in the notification of the provider. */
async function ownMail(stage: Stage): Promise<Mail> {
  const { sim, secrets, mailbox } = stage;
  await call(stage, "colleague", "POST", "/messages/send", written(stage));
  const url = `http://nylas/v3/grants/${mailbox.grantId}/messages?limit=1&in=SENT&fields=include_basic_headers`;
  const authorization = `Bearer ${secrets.NYLAS_API_KEY}`;
  const response = await sim.fetch(new Request(url, { headers: { authorization } }));
  const { data } = (await response.json()) as { data: Mail[] };
  if (!data[0]) throw new Error("The stand-in has no mail that was sent");
  return data[0];
}

const SENDING: Case[] = [
  plain("send a mail", { route: "POST /messages/send" }, (stage) =>
    call(stage, "colleague", "POST", "/messages/send", written(stage)),
  ),
  plain("send a mail, with an Idempotency-Key", {}, (stage) =>
    call(stage, "colleague", "POST", "/messages/send", written(stage), { "idempotency-key": newId() }),
  ),
  created("our own mail comes back", ownMail),
  plain(`send a mail, ${UNDO_SECONDS} s to undo`, {}, (stage) =>
    call(stage, "colleague", "POST", "/messages/send", { ...written(stage), undo_seconds: UNDO_SECONDS }),
  ),
  plain("send a mail, and undo it", { route: "POST /outbox/:outbox_id/cancel" }, async (stage) => {
    const mail = { ...written(stage), undo_seconds: UNDO_SECONDS };
    const { id } = await call(stage, "colleague", "POST", "/messages/send", mail);
    await call(stage, "colleague", "POST", `/outbox/${id}/cancel`);
  }),
  having(
    "reply",
    { route: "POST /messages/:message_id/reply" },
    (stage) => original(stage),
    (stage, id) => call(stage, "colleague", "POST", `/messages/${id}/reply`, written(stage)),
  ),
  having("reply to all", { route: "POST /messages/:message_id/reply-all" }, original, (stage, id) =>
    call(stage, "colleague", "POST", `/messages/${id}/reply-all`, { body_html: "<p>Dear all,</p>" }),
  ),
  having("forward, with a file", { route: "POST /messages/:message_id/forward" }, original, (stage, id) => {
    const { to, body_html } = written(stage);
    return call(stage, "colleague", "POST", `/messages/${id}/forward`, { to, body_html });
  }),
];

const FILES: Case[] = [
  plain("upload a file", { route: "POST /attachments" }, (stage) => upload(stage)),
  having("send a mail with an upload", {}, upload, (stage, [{ id }]) =>
    call(stage, "colleague", "POST", "/messages/send", { ...written(stage), attachment_ids: [id] }),
  ),
  having(
    "a draft's files",
    { route: "GET /drafts/:draft_id/files" },
    async (stage) => {
      const [{ id }] = await upload(stage);
      const draft = { ...written(stage), attachment_ids: [id] };
      return call<{ id: string }>(stage, "colleague", "POST", "/drafts", draft);
    },
    (stage, { id }) => call(stage, "colleague", "GET", `/drafts/${id}/files`),
  ),
  having("a download's URL", { route: "GET /attachments/:attachment_id/download" }, findFile, (stage, id) =>
    call(stage, "colleague", "GET", `/attachments/${id}/download`),
  ),
  having(
    "download a file",
    { route: "GET /files/:key{[a-z]+/.+}" },
    async (stage) => call(stage, "colleague", "GET", `/attachments/${await findFile(stage)}/download`),
    (stage, { download_url }) => call(stage, null, "GET", download_url),
  ),
];

function upload(stage: Stage): Promise<[{ id: string }]> {
  const form = new FormData();
  form.append("files", new File([file.content], file.filename, { type: file.contentType }));
  return call(stage, "colleague", "POST", "/attachments?company_id=1", form);
}

async function findFile(stage: Stage): Promise<string> {
  const files = await call(stage, "colleague", "GET", `/attachments/message/${await original(stage)}`);
  return files[0].id;
}

const REPLAY = having(
  "replay a notification",
  { route: "POST /webhooks/deliveries/:delivery_id/replay" },
  async (stage: Stage) => (await arrived(stage)).id,
  (stage, id) => call(stage, "colleague", "POST", `/webhooks/deliveries/${id}/replay`),
);

const REPLAY_ALL = plain(
  "replay all that is parked, of which there is nothing",
  { route: "POST /webhooks/deliveries/replay" },
  (stage) => call(stage, "colleague", "POST", "/webhooks/deliveries/replay", {}),
);

/** Incoming and outgoing messages. */
export const MAIL: Case[] = [...INTAKE, REPLAY, REPLAY_ALL, ...SENDING, ...FILES];
