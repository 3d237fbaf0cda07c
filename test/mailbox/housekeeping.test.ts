import { describe, expect, test } from "vitest";
import { cuid } from "../../src/lib/cuid.ts";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { Owner } from "../../src/mailbox/contract.ts";
import { nextCleaning, runCleaning } from "../../src/mailbox/housekeeping.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { bindings } from "./support/mailbox.ts";
import { insideOf, quietMailbox } from "./support/quiet.ts";
import { apiOf, mailTo, sendFrom } from "./support/sending.ts";

const DAY = 24 * 3600_000;
const bucket = bindings.ATTACHMENTS;

async function upload(owner: Owner, changes: { key?: string; filename?: string } = {}) {
  const id = `${owner.accountId}-u${cuid()}`;
  const file = {
    key: `mail/${owner.accountId}/uploads/${id}`,
    filename: "plan.txt",
    mimeType: "text/plain",
    size: 4,
    ...changes,
  };
  await bucket.put(file.key, "plan");
  const added = await apiOf(owner).addUpload(owner, file);
  return { id, file, added };
}

/** Makes all rows of a table older. */
const age = (owner: Owner, table: string, columns: string[], days: number) =>
  insideOf(owner, ({ sql }) => {
    sql.exec(`UPDATE ${table} SET ${columns.map((name) => `${name} = ${name} - ${days * DAY}`).join(", ")}`);
  });

const clean = (owner: Owner) =>
  insideOf(owner, async (ctx) => {
    ctx.storage.kv.delete("swept_at");
    await runCleaning(ctx);
  });

const count = (owner: Owner, table: string) =>
  insideOf(owner, (ctx: MailboxContext) => rowsOf(ctx, `SELECT * FROM ${table}`).length);

describe("an upload", () => {
  test("of another account, or of no upload, is INVALID", async () => {
    const [owner, other] = [await quietMailbox(), await quietMailbox()];
    for (const key of [
      `mail/${other.accountId}/uploads/${other.accountId}-u${cuid()}`,
      `mail/${owner.accountId}/${cuid()}/2`,
      `mail/${owner.accountId}/uploads/x`,
      `mail/${owner.accountId}/uploads/${other.accountId}-u${cuid()}`,
    ])
      expect((await upload(owner, { key })).added).toMatchObject({ code: "INVALID" });
  });

  test("can be used in a mail, under a name without a path", async () => {
    const owner = await quietMailbox();
    const { id, added } = await upload(owner, { filename: "..\\secret/план\r\n.txt" });
    expect(added).toMatchObject({ attachment: { id, filename: "план.txt", size: 4, isInline: false } });
    expect(await apiOf(owner).file(owner, id)).toMatchObject({ file: { filename: "план.txt", size: 4 } });
  });

  test("is kept for 30 days, and longer for a mail that is under way", async () => {
    const owner = await quietMailbox();
    const [used, unused] = [await upload(owner), await upload(owner)];
    await apiOf(owner).saveDraft(owner, mailTo([], { files: [used.file] }), null);
    await age(owner, "uploads", ["created_at"], 29);
    await clean(owner);
    expect(await count(owner, "uploads")).toBe(2);
    await age(owner, "uploads", ["created_at"], 2);
    await clean(owner);
    expect(await bucket.head(unused.file.key)).toBeNull();
    expect(await apiOf(owner).file(owner, unused.id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await apiOf(owner).file(owner, used.id)).toMatchObject({ ok: true });
    expect(await bucket.head(used.file.key)).not.toBeNull();
  });
});

test("it is done once a day, and never for a mailbox that was never opened", async () => {
  const owner = await quietMailbox();
  const due = () => insideOf(owner, (ctx) => nextCleaning(ctx) ?? 0);
  expect((await due()) - Date.now()).toBeGreaterThan(DAY - 60_000);
  await clean(owner);
  expect((await due()) - Date.now()).toBeGreaterThan(DAY - 60_000);
});

test("tasks go after a day, ended mails with their keys after 30, sign-ins after an hour, and the log of changes but for the newest", async () => {
  const owner = await quietMailbox();
  const { task } = await sendFrom(owner, mailTo(["aziza@nowhere.example"]), "key");
  await expect
    .poll(() => apiOf(owner).task(owner, task.taskId))
    .toMatchObject({ task: { status: "failure" } });
  await insideOf(owner, ({ sql }) => {
    sql.exec("UPDATE drafts SET due_at = NULL");
    sql.exec(
      "INSERT INTO changes (message_id, kind, at) VALUES ('old', 'created', ?)",
      Date.now() - 31 * DAY,
    );
    sql.exec("UPDATE changes SET seq = -1 WHERE message_id = 'old'");
    sql.exec(
      "INSERT INTO sign_ins (state, owner, settings, verifier, redirect_uri, created_at) VALUES ('s', '{}', '{}', 'v', 'r', ?)",
      Date.now() - 2 * 3600_000,
    );
  });
  const changes = await count(owner, "changes");
  await clean(owner);
  expect(await count(owner, "tasks")).toBe(1);
  expect(await count(owner, "sends")).toBe(1);
  expect(await count(owner, "sign_ins")).toBe(0);
  expect(await count(owner, "changes")).toBe(changes - 1);
  await age(owner, "tasks", ["created_at", "updated_at"], 2);
  await age(owner, "sends", ["created_at", "updated_at"], 29);
  await clean(owner);
  expect(await apiOf(owner).task(owner, task.taskId)).toMatchObject({ code: "NOT_FOUND" });
  expect(await count(owner, "tasks")).toBe(0);
  expect(await count(owner, "sends")).toBe(1);
  await age(owner, "sends", ["created_at", "updated_at"], 2);
  await age(owner, "changes", ["at"], 31);
  await clean(owner);
  expect(await count(owner, "sends")).toBe(0);
  expect(await count(owner, "changes")).toBe(1);
});

test("a mail that is under way stays, however old", async () => {
  const owner = await quietMailbox();
  await sendFrom(owner, mailTo(["aziza@nowhere.example"]));
  await insideOf(owner, ({ sql }) => {
    sql.exec("UPDATE sends SET phase = 'dot', due_at = ?, created_at = 0", Date.now() + DAY);
  });
  await clean(owner);
  expect(await count(owner, "sends")).toBe(1);
});

test("files in the bucket that no row knows go after a day; others' and those of messages stay", async () => {
  const [owner, other] = [await quietMailbox(), await quietMailbox()];
  const draft = await apiOf(owner).saveDraft(owner, mailTo([]), null);
  if (!draft.ok) throw new Error(draft.message);
  const { file } = await upload(owner);
  const lost = [
    `mail/${owner.accountId}/uploads/${owner.accountId}-u${cuid()}`,
    `mail/${owner.accountId}/${cuid()}/2`,
  ];
  const kept = [
    file.key,
    `mail/${owner.accountId}/${draft.draftId}/2`,
    `mail/${other.accountId}/${cuid()}/2`,
  ];
  for (const key of [...lost, ...kept]) await bucket.put(key, "x");
  await clean(owner);
  for (const key of [...lost, ...kept]) expect(await bucket.head(key)).not.toBeNull();
  const tomorrow = Date.now() + 2 * DAY;
  const now = Date.now;
  await insideOf(owner, async (ctx) => {
    Date.now = () => tomorrow;
    try {
      ctx.storage.kv.delete("swept_at");
      await runCleaning(ctx);
    } finally {
      Date.now = now;
    }
  });
  for (const key of lost) expect(await bucket.head(key)).toBeNull();
  for (const key of kept) expect(await bucket.head(key)).not.toBeNull();
});
