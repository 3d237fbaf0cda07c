import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../src/index.ts";
import { cuid } from "../../src/lib/cuid.ts";
import type { MailboxStatus } from "../../src/mailbox/contract.ts";
import { createAccount, emailClient, inMailbox, messageOf } from "../support/email-client.ts";
import { silenceLog } from "../support/log-check.ts";

const status = (changes: Partial<MailboxStatus> = {}): MailboxStatus => ({
  ...{ state: "active", isSyncing: false, lastSyncAt: 1000, lastError: null },
  ...{ capabilities: ["IMAP4rev1"], keyId: "k1" },
  ...changes,
});

/** Delivers messages of the queue `xabar-mail`. @returns how many were acknowledged */
async function deliver(bodies: unknown[], queue = "xabar-mail"): Promise<number> {
  const messages = bodies.map((body, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  await worker.queue(batch as never, env, context);
  return (await getQueueResult(batch, context)).explicitAcks.length;
}

const change = (accountId: string, at: number, changes: Partial<MailboxStatus> = {}) => ({
  ...{ type: "status", accountId, at },
  status: status(changes),
});

const runCron = async () => {
  const context = createExecutionContext();
  await worker.scheduled({} as ScheduledController, env, context);
  await waitOnExecutionContext(context);
};

const db = env.EMAIL_SERVICE_DB;

const rowOf = (id: string) => db.prepare("SELECT * FROM es_accounts WHERE id = ?").bind(id).first();

describe("what a mailbox tells", () => {
  it("is in the list, and an older change never replaces a newer one, in any order", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    const now = Date.now() + 1000;
    const lastError = { code: "CONNECTION_FAILED", message: "No answer", at: 5 } as const;
    const changes = [
      change(id, now + 2, { state: "failing", lastError, lastSyncAt: 2000 }),
      change(id, now + 1),
      change(id, now + 2, { state: "failing", lastError, lastSyncAt: 2000 }),
      change(id, now),
    ];
    for (const each of changes) expect(await deliver([each])).toBe(1);
    const { body } = await client.call("GET", "/api/accounts");
    expect(body.accounts[0]).toMatchObject({
      state: "failing",
      lastError,
      lastSyncAt: 2000,
      isSyncing: false,
    });
  });

  it("of an unknown account is ignored; what cannot be read is tried again, then given up", async () => {
    silenceLog();
    expect(await deliver([change(cuid(), 1)])).toBe(1);
    expect(await deliver([{ type: "status" }])).toBe(0);
    expect(await deliver([{ type: "status" }, change(cuid(), 1)], "xabar-mail-dead")).toBe(2);
  });

  it("after its account was deleted, closes it again", async () => {
    silenceLog();
    const client = await emailClient();
    const { id } = await createAccount(client);
    await client.call("DELETE", `/api/accounts/${id}`);
    await inMailbox(id, (mailbox) => {
      mailbox.state = status();
    });
    await deliver([change(id, Date.now() + 1000)]);
    expect(await inMailbox(id, ({ state }) => state.state), "a creation may be under way").toBe("active");
    await db
      .prepare("UPDATE es_accounts SET deleted_at = ? WHERE id = ?")
      .bind(Date.now() - 700_000, id)
      .run();
    await deliver([change(id, Date.now() + 2000)]);
    expect(await inMailbox(id, ({ state }) => state.state)).toBe("closed");
  });
});

describe("cron", () => {
  it("erases a mailbox 90 days after its account was deleted, and not before", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    await client.call("DELETE", `/api/accounts/${id}`);
    const daysAgo = async (days: number) => {
      const at = Date.now() - days * 86_400_000;
      await db.prepare("UPDATE es_accounts SET deleted_at = ? WHERE id = ?").bind(at, id).run();
    };
    await daysAgo(89);
    await runCron();
    expect(await rowOf(id)).not.toBeNull();
    await daysAgo(91);
    await runCron();
    expect(await rowOf(id)).toBeNull();
    expect(await inMailbox(id, ({ owner }) => owner)).toBeNull();
  });

  it("keeps the row while the mailbox cannot be reached", async () => {
    silenceLog();
    const client = await emailClient();
    const { id } = await createAccount(client);
    await client.call("DELETE", `/api/accounts/${id}`);
    await inMailbox(id, (mailbox) => {
      mailbox.isBroken = true;
    });
    await db.prepare("UPDATE es_accounts SET deleted_at = 1 WHERE id = ?").bind(id).run();
    await runCron();
    expect(await rowOf(id)).not.toBeNull();
  });

  it("deletes an upload that no mailbox has, and leaves one that a mailbox has", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    const keys = [`mail/${id}/uploads/${id}-u${cuid()}`, `mail/${id}/uploads/${id}-u${cuid()}`];
    const [owned = "", stray = ""] = keys;
    await inMailbox(id, ({ uploads }) => {
      uploads.push({ key: owned, filename: "a.txt", mimeType: "text/plain", size: 1 });
    });
    for (const key of keys) {
      await env.ATTACHMENTS.put(key, "x");
      await db.prepare("INSERT INTO es_garbage VALUES (?, 1)").bind(key).run();
    }
    await runCron();
    expect([await env.ATTACHMENTS.head(owned), await env.ATTACHMENTS.head(stray)].map(Boolean)).toEqual([
      true,
      false,
    ]);
    const { results } = await db.prepare("SELECT key FROM es_garbage").all();
    expect(results).toEqual([]);
  });

  it("removes answers under keys after a day", async () => {
    const old = Math.floor(Date.now() / 1000) - 86_401;
    await db
      .prepare(
        "INSERT INTO es_idempotency_keys (user_id, key, request_hash, created_at) VALUES ('u', 'old', 'h', ?), ('u', 'new', 'h', ?)",
      )
      .bind(old, old + 3600)
      .run();
    await runCron();
    const { results } = await db.prepare("SELECT key FROM es_idempotency_keys WHERE user_id = 'u'").all();
    expect(results).toEqual([{ key: "new" }]);
  });
});

describe("the operator", () => {
  const ask = async (path: string, on: object = {}) => {
    const headers = { authorization: `Bearer ${env.METRICS_TOKEN}` };
    const request = new Request(`https://xabar.test${path}`, { headers });
    const context = createExecutionContext();
    const response = await worker.fetch(request, { ...env, ...on } as Env, context);
    await waitOnExecutionContext(context);
    return response.text();
  };
  const counted = async () => {
    const text = await ask("/metrics");
    const value = (line: string) => Number(new RegExp(`^${line} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    return {
      active: value('xabar_mail_accounts{state="active"}'),
      syncing: value('xabar_mail_accounts{state="syncing"}'),
      sealed: value('xabar_mail_key_accounts{key="a \\\\"key\\\\""}'),
    };
  };

  it("sees the accounts by state, and by the key that seals them", async () => {
    const before = await counted();
    const client = await emailClient();
    const { id } = await createAccount(client);
    expect((await counted()).syncing).toBe(before.syncing + 1);
    const keyId = 'a "key"';
    await deliver([change(id, Date.now() + 1000, { keyId })]);
    expect(await counted()).toEqual({
      active: before.active + 1,
      syncing: before.syncing,
      sealed: before.sealed + 1,
    });
    await client.call("DELETE", `/api/accounts/${id}`);
    await deliver([change(id, Date.now() + 2000, { state: "closed", keyId: null })]);
    expect(await counted()).toEqual(before);
  });

  it("is told when there are no mailboxes, or no database", async () => {
    const parts = async (on: object) => JSON.parse(await ask("/health", on)).parts;
    const fine = await parts({});
    expect([fine.mailboxes, fine.email_service_database]).toEqual([{ status: "ok" }, { status: "ok" }]);
    expect((await parts({ MAILBOX: undefined })).mailboxes.status).toBe("degraded");
    const broken = {
      prepare: () => {
        throw new Error("down");
      },
    };
    expect((await parts({ EMAIL_SERVICE_DB: broken })).email_service_database.status).toBe("down");
  });
});

it("a mailbox's file is gone from lists when the account is", async () => {
  const client = await emailClient();
  const { id } = await createAccount(client);
  const mail = messageOf(id);
  await inMailbox(id, ({ mails }) => void mails.push(mail));
  await client.call("DELETE", `/api/accounts/${id}`);
  const path = `/api/${id}/attachments/${mail.attachments[0]!.id}/download`;
  const headers = { authorization: `Bearer ${client.token}` };
  expect((await exports.default.fetch(`https://xabar.test${path}`, { headers })).status).toBe(404);
});
