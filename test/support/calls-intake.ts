import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { addressKey } from "../../src/ems/store/claims.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { type Client, unique } from "./client.ts";
import { db } from "./db.ts";
import { addExpired, type Grown, type GrownMailbox, middle } from "./grown.ts";
import { breakRoute, createGrant, receiveMail, storedMail } from "./nylas.ts";
import type { ObservedWorker } from "./observed-worker.ts";
import { queued } from "./queued.ts";
import { consent } from "./sign-in.ts";

/** Connects a mailbox, and applies every change of a grant. */
export async function connectAccounts(
  worker: ObservedWorker,
  { mailbox, other, users: { fresh: as } }: Grown,
) {
  const { company_id } = mailbox;
  const email_address = `spare${unique()}@demo.example`;
  await createGrant(email_address);
  await receiveMail({ ...letter(email_address), silent: true });
  // Another company has claimed the address, and failed to connect it.
  await env.DB.prepare("INSERT INTO ems_directory (key, company_id, claimed_at) VALUES (?, ?, 0)")
    .bind(addressKey(email_address), other.company_id)
    .run();
  const connect = async (status?: number) => {
    const { id: grant_id } = await createGrant(email_address);
    const body = { company_id, email_address, grant_id };
    return (await worker.request("POST /accounts", { as, body, ...(status ? { status } : {}) })).body.id;
  };
  const account_id = await connect();
  const ids = { account_id };
  await connect(400);
  await worker.request("GET /accounts/:account_id", { as, ids });
  await worker.request("GET /accounts/:account_id/sync", { as, ids: { account_id: mailbox.id } });
  await worker.request("PATCH /accounts/:account_id", { as, ids, body: { display_name: "Spare" } });
  await worker.request("PATCH /accounts/:account_id", { as, ids, body: { status: "syncing" } });
  const grant = await db.prepare("SELECT grant_id FROM ems_accounts WHERE id = ?").bind(account_id).first();
  const soon = nowSeconds() + 60;
  for (const type of ["imap_sync_completed", "expired", "updated", "deleted"]) {
    await worker.notify(
      `grant.${type}`,
      { ...grant, id: grant?.grant_id, reauthentication_flag: type === "updated" },
      soon,
    );
  }
  await connect();
  const { run } = (await db
    .prepare("SELECT run FROM ems_syncs WHERE account_id = ?")
    .bind(account_id)
    .first<{ run: string }>()) ?? { run: "" };
  const step = { type: "backfill", company_id, account_id, run, cursor: null };
  await worker.deliver({ queue: "xabar-jobs", body: step, attempts: 42 });
  await worker.request("DELETE /accounts/:account_id", { as, ids });
  worker.queuesFail = true;
  await connect(503);
  worker.queuesFail = false;
  await signIn(worker, as, company_id);
}

/** Connects a mailbox by its owner's sign-in. Of a second one the account is already connected. */
async function signIn(worker: ObservedWorker, as: Client, company_id: number) {
  const address = `signed-in${unique()}@demo.example`;
  const begin = async () => {
    const query = `company_id=${company_id}&return_to=/`;
    const { body, headers } = await worker.request("GET /accounts/connect", { as, query });
    const [cookie = ""] = (headers.get("set-cookie") ?? "").split(";");
    const page = new URL(body.url);
    return { cookie, back: (await consent({ page, state: "", cookie }, address)).searchParams };
  };
  const { cookie, back } = await begin();
  const query = String(back);
  await worker.request("GET /accounts/connect/callback", { query, headers: { cookie }, status: 302 });
  const again = Object.fromEntries((await begin()).back);
  await worker.request("POST /accounts/connect", { as, body: again });
}

/** A received mail with two files, one of them inline. */
const letter = (email: string) => ({
  from: { email: "c@out.example" },
  to: [{ email }],
  subject: "Subject",
  html: '<p>Hello</p><img src="cid:picture">',
  attachments: [
    { filename: "a.txt", contentType: "text/plain", content: btoa("a file") },
    { filename: "a.png", contentType: "image/png", content: btoa("a picture"), contentId: "picture" },
  ],
});

interface Told {
  id: string;
  thread?: string;
  /** Its Message-ID without brackets; null for a mail without headers. */
  name?: string | null;
  references?: string[];
  [field: string]: unknown;
}

/** A complete mail of the mailbox, as a notification has it. */
export function mailOf(
  { grant_id, email_address }: Pick<GrownMailbox, "grant_id" | "email_address">,
  { id, thread, name, references, ...more }: Told,
) {
  const headers = [
    { name: "Message-ID", value: `<${name ?? id}>` },
    { name: "References", value: (references ?? []).map((each) => `<${each}>`).join(" ") },
  ];
  return {
    id,
    grant_id,
    thread_id: thread ?? `thread of ${id}`,
    subject: "Subject",
    from: [{ email: "c@out.example" }],
    to: [{ email: email_address }],
    cc: [],
    bcc: [],
    date: nowSeconds() - 3000,
    body: "<p>Hello</p>",
    attachments: [],
    ...(name === null ? {} : { headers }),
    ...more,
  };
}

/** Delivers mail: new, repeated, changed, early and late, replies, and mail of unknown grants. */
export async function receiveMails(
  worker: ObservedWorker,
  { mailbox, longThread, users }: Grown,
): Promise<void> {
  const created = (told: Told) => worker.notify("message.created", mailOf(mailbox, told));
  const known = middle(mailbox, 10);
  await created({ id: "new" });
  await created({ id: "in a known thread", thread: known.thread_id, references: [known.id] });
  await created({ id: "in a known thread", thread: known.thread_id, references: [known.id] });
  await worker.notify("message.updated", mailOf(mailbox, { id: "new", subject: "Another" }));
  await worker.notify("message.updated", mailOf(mailbox, { id: "new", cc: [{ email: "d@out.example" }] }), 1);
  await created({ id: "in a long thread", thread: longThread.id });
  await created({ id: "answer", references: ["question"] });
  await created({ id: "question" });
  await created({ id: "nameless", name: null });
  await worker.notify("message.updated", mailOf(mailbox, { id: "nameless", references: [known.id] }));
  await created({ id: "late", date: middle(mailbox, 0).sent_at });
  await worker.request("GET /inbox", { as: users.thorough });
  await created({ id: "oldest", date: 1 });
  await created({ id: "ours", from: [{ email: mailbox.email_address }] });
  const daemon = [{ email: "mailer-daemon@out.example" }];
  await created({ id: "bounce", from: daemon, references: ["ours"], body: "550 5.1.1 no such user" });
  await created({ id: "large", body: "x".repeat(200_000) });
  await worker.notify("message.created", { ...mailOf(mailbox, { id: "a stranger's" }), grant_id: "unknown" });
  await worker.notify("folder.created", { grant_id: mailbox.grant_id });
  await worker.notify("no.such.trigger", { grant_id: mailbox.grant_id });
  for (const data of [{}, { grant_id: mailbox.grant_id }]) {
    const body = queued({ id: `given up ${unique()}`, type: "message.created", data }, 0);
    await worker.deliver({ queue: "xabar-webhooks", body, attempts: 42 });
  }
}

/** Merges two threads, deletes messages, and restores one. */
export async function moveAndDelete(worker: ObservedWorker, { mailbox, longThread }: Grown): Promise<void> {
  const [one, two] = [middle(mailbox, 20), middle(mailbox, 22)];
  const joining = { id: "joins two", thread: one.thread_id, references: [two.id] };
  await worker.notify("message.created", mailOf(mailbox, joining));
  const { results } = await db
    .prepare("SELECT DISTINCT thread_id FROM ems_messages WHERE id IN (?, ?)")
    .bind(one.id, two.id)
    .all();
  expect(results).toHaveLength(1);
  const soon = nowSeconds() + 60;
  const stored = await db
    .prepare("SELECT provider_message_id AS id FROM ems_messages WHERE id IN (?, ?)")
    .bind(middle(mailbox, 30).id, longThread.newest)
    .all<{ id: string }>();
  for (const id of ["question", "oldest", "never there", ...stored.results.map((row) => row.id)]) {
    await worker.notify("message.deleted", { id, grant_id: mailbox.grant_id }, soon);
  }
  await worker.notify("message.created", mailOf(mailbox, { id: "question" }), soon - 1);
  await worker.notify("message.created", mailOf(mailbox, { id: "question" }), soon + 1);
}

/** Moves mails at providers that change their id: with the creation first, and last. */
export async function moveMails(worker: ObservedWorker, { mailbox, users }: Grown): Promise<void> {
  const soon = nowSeconds() + 60;
  const told = (id: string, more: object) => mailOf(mailbox, { id, date: soon - 3600, ...more });
  const move = (name: string) => ({ name, thread: name, subject: name, attachments: [FILE] });
  for (const name of ["first and then there", "only gone"]) {
    await worker.notify("message.created", told(`${name} 1`, { ...move(name), folders: ["INBOX"] }), soon);
    const stored = await db
      .prepare("SELECT id FROM ems_messages WHERE account_id = ? AND provider_message_id = ?")
      .bind(mailbox.id, `${name} 1`)
      .first<string>("id");
    const inbox_id = entryIdOf(users.fresh.claims.user_id, `${stored}`);
    await worker.request("PATCH /inbox/:inbox_id/star", { as: users.fresh, ids: { inbox_id } });
    const moved = () =>
      worker.notify("message.created", told(`${name} 2`, { ...move(name), folders: ["TRASH"] }), soon);
    const gone = () =>
      worker.notify("message.deleted", { id: `${name} 1`, grant_id: mailbox.grant_id }, soon + 1);
    await (name === "only gone" ? gone() : moved());
    await (name === "only gone" ? moved() : gone());
    const { body } = await worker.request("GET /inbox/:inbox_id", { as: users.fresh, ids: { inbox_id } });
    expect(body).toMatchObject({ is_starred: true, message: { folder: "trash" } });
  }
  // One that the provider lists under both ids for a while.
  const [{ id: both } = { id: "" }] = await receiveMail({ ...letter(mailbox.email_address), silent: true });
  await worker.notify("message.created", told(both, move("both")), soon);
  await worker.notify("message.created", told("both 2", { ...move("both"), folders: ["TRASH"] }), soon);
  await worker.notify("message.deleted", { id: both, grant_id: mailbox.grant_id }, soon + 1);
  const { results } = await db
    .prepare(
      "SELECT provider_message_id AS id, folder FROM ems_messages WHERE account_id = ? AND subject = 'both'",
    )
    .bind(mailbox.id)
    .all();
  expect(results).toEqual([{ id: "both 2", folder: "trash" }]);
  const alias = { from: [{ email: "alias@out.example" }], folders: ["SENT"] };
  await worker.notify("message.created", told("sent by an alias", alias));
  await breakRoute(`GET /v3/grants/${mailbox.grant_id}/folders`, "500");
  await worker.notify("message.created", told("in a folder of nobody", { folders: ["Folder 7"] }));
}

const FILE = { id: "file", filename: "a.txt", content_type: "text/plain", size: 5 };

/** Delivers the outcomes of sent mail. */
export async function tellOutcomes(worker: ObservedWorker, { mailbox }: Grown): Promise<void> {
  const { grant_id, messages } = mailbox;
  const at = messages.length / 2 + 40;
  const id = `bulk-${at}`;
  const mime_id = `<${messages[at + 1]?.id}>`;
  const bounce = { bounce_reason: "full", code: "552", bounced_addresses: ["c@out.example"] };
  await worker.notify("message.send_success", { id, grant_id });
  await worker.notify("message.send_failed", { id, grant_id, reason: "refused" });
  await worker.notify("message.bounce_detected", { ...bounce, grant_id, origin: { id, mime_id } });
  await worker.notify("message.bounce_detected", { ...bounce, grant_id, origin: { mime_id } });
  await worker.notify("message.opened", { message_id: id, message_data: { count: 1 }, grant_id });
  await worker.notify("message.link_clicked", { message_id: id, link_data: [{ count: 1 }], grant_id });
}

/** A mail with two files that the provider has too. @returns our id of it */
export async function receiveWhole(worker: ObservedWorker, { id, grant_id, email_address }: GrownMailbox) {
  const [{ id: provider_id } = { id: "" }] = await receiveMail({ ...letter(email_address), silent: true });
  const stored = (await storedMail(grant_id)).find((each) => each.id === provider_id);
  await worker.notify("message.created", { ...stored, grant_id });
  // One file is renamed and the other removed; then both changes are reverted.
  const [first] = (stored?.attachments ?? []) as object[];
  const renamed = { ...stored, grant_id, attachments: [{ ...first, filename: "renamed.txt" }] };
  await worker.notify("message.updated", renamed);
  await worker.notify("message.updated", { ...stored, grant_id });
  const message = await db
    .prepare("SELECT id FROM ems_messages WHERE account_id = ? AND provider_message_id = ?")
    .bind(id, provider_id)
    .first<string>("id");
  return `${message}`;
}

/** Replays a notification, and calls the webhook challenge. */
export async function replay(worker: ObservedWorker, { mailbox, users }: Grown): Promise<void> {
  const delivery_id = await worker.notify("message.created", mailOf(mailbox, { id: "applied again" }));
  const asked = { as: users.fresh, ids: { delivery_id } };
  await worker.request("POST /webhooks/deliveries/:delivery_id/replay", asked);
  const bytes = { id: `again ${mailbox.id}`, type: "folder.created", data: { grant_id: mailbox.grant_id } };
  await env.ATTACHMENTS.put("none", JSON.stringify(bytes));
  await worker.request("POST /webhooks/deliveries/replay", {
    as: users.fresh,
    body: { type: "message.opened", account_id: mailbox.id, before: "2100-01-01T00:00:00Z" },
  });
  await worker.request("GET /webhooks/nylas", { query: "challenge=hello" });
}

/** Some messages have their bodies in their rows, as earlier versions stored them. Cron looks at all messages again. */
const addInlineBodies = ({ mailbox }: Grown) =>
  db.batch([
    db.prepare("DELETE FROM ems_inline_bodies"),
    db
      .prepare(
        `UPDATE ems_messages SET body_key = NULL, body_text = hex(zeroblob(5000)) WHERE id IN (
         SELECT id FROM ems_messages WHERE account_id = ? ORDER BY id LIMIT 50)`,
      )
      .bind(mailbox.id),
  ]);

/** Runs every step of cron with work to do, and a sweep of the mailbox. */
export async function runCron(worker: ObservedWorker, grown: Grown): Promise<void> {
  await addExpired(grown);
  await addInlineBodies(grown);
  await worker.cron();
  await worker.cron();
  const { id: account_id, company_id, grant_id } = grown.mailbox;
  const body = { type: "sweep", company_id, account_id, window: null };
  await worker.deliver({ queue: "xabar-jobs", body, attempts: 1 });
  await breakRoute(`GET /v3/grants/${grant_id}/messages`, "500");
  await worker.deliver({ queue: "xabar-jobs", body, attempts: 1 }, 1);
}
