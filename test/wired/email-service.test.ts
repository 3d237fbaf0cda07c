import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { cuid } from "../../src/lib/cuid.ts";
import { createMailbox, type MailServer } from "../mailbox/support/server.ts";
import { accountInput, createAccount, type EmailClient, emailClient } from "../support/email-client.ts";

// Both scripts, with nothing in between replaced: the API asks mailboxes by RPC, which sign in at the stand-in for mail
// servers, and tell the Worker by the queue.

const input = ({ address, password, ports }: MailServer, changes: object = {}) => ({
  ...{ emailAddress: address, username: address, password, hostname: "localhost", port: ports.imap },
  ...{ encryption: "none", smtpHost: "localhost", smtpPort: ports.smtp, smtpEncryption: "none" },
  smtpUsername: address,
  ...changes,
});

/** A task that has ended. */
async function ended(client: EmailClient, taskId: string) {
  let task = { status: "", progress: 0 };
  await expect
    .poll(async () => {
      task = (await client.call("GET", `/api/sync/task/${taskId}`)).body;
      return ["success", "failure"].includes(task.status);
    })
    .toBe(true);
  return task;
}

/** An account that is synced, with one mail in its inbox that has a file. */
async function synced() {
  const server = await createMailbox();
  await server.deliver(
    [
      "From: Malika <malika@demo.example>\r\nTo: sardor@demo.example\r\nSubject: Hisobot\r\n",
      "Message-ID: <1@demo.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
      "--b\r\nContent-Type: text/plain\r\n\r\nSalom!\r\n",
      '--b\r\nContent-Type: text/csv; name="a.csv"\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\n1,2,3\r\n--b--\r\n',
    ].join(""),
  );
  const client = await emailClient();
  const { id } = await createAccount(client, input(server));
  const { body } = await client.call("POST", `/api/sync/${id}`);
  expect(await ended(client, body.taskId)).toMatchObject({ status: "success", progress: 100 });
  return { server, client, id };
}

describe("an account", () => {
  it("is synced, read, changed, and downloaded from", async () => {
    const { server, client, id } = await synced();
    const { body: folders } = await client.call("GET", `/api/${id}/folders`);
    const inbox = folders.folders.find(({ type }: { type: string }) => type === "inbox");
    expect(inbox).toMatchObject({ name: "INBOX", messageCount: 1, unreadCount: 1, accountId: id });
    const { body: page } = await client.call("GET", `/api/${id}/folders/${inbox.id}/messages`);
    expect(page.messages).toMatchObject([{ from: "malika@demo.example", subject: "Hisobot", isRead: false }]);
    const messagePath = `/api/${id}/messages/${page.messages[0].id}`;
    const { body: message } = await client.call("GET", messagePath);
    expect(message.body.trim()).toBe("Salom!");
    const [file] = message.attachments;
    expect(file).toMatchObject({ filename: "a.csv", mimeType: "text/csv" });
    const download = await exports.default.fetch(new Request(file.downloadUrl));
    expect([download.status, await download.text()]).toEqual([200, "1,2,3"]);
    expect((await client.call("PATCH", messagePath, { isRead: true })).body.isRead).toBe(true);
    await expect.poll(async () => (await server.folder()).mails[0]?.flags).toContain("\\Seen");
  });

  it("tells its state by the queue, so that the list has it", async () => {
    const { client, id } = await synced();
    await expect
      .poll(async () => (await client.call("GET", "/api/accounts")).body.accounts[0])
      .toMatchObject({ id, state: "active", lastSyncAt: expect.any(Number), lastError: null });
    const stored = await env.EMAIL_SERVICE_DB.prepare("SELECT * FROM es_accounts WHERE id = ?")
      .bind(id)
      .first();
    expect(stored).toMatchObject({ state: "active", key_id: "test" });
  });

  it("sends a mail with an uploaded file, once, and has it in Sent", async () => {
    const { server, client, id } = await synced();
    const form = new FormData();
    form.append("file", new File(["uploaded bytes"], "b.txt", { type: "text/plain" }));
    const headers = { authorization: `Bearer ${client.token}` };
    const url = `https://xabar.test/api/${id}/attachments`;
    const uploading = await exports.default.fetch(new Request(url, { method: "POST", headers, body: form }));
    const { attachments } = (await uploading.json()) as { attachments: { id: string }[] };
    const mail = {
      ...{ accountId: id, to: [server.address], subject: "Javob", body: "Rahmat!" },
      attachmentIds: attachments.map((each) => each.id),
    };
    const key = { "idempotency-key": cuid() };
    const [first, second] = [
      await client.call("POST", "/api/compose/send", mail, key),
      await client.call("POST", "/api/compose/send", mail, key),
    ];
    expect(first.status).toBe(202);
    expect([second.body.taskId, second.body.messageId]).toEqual([first.body.taskId, first.body.messageId]);
    expect(await ended(client, first.body.taskId)).toMatchObject({ status: "success" });
    const { body } = await client.call("GET", `/api/${id}/messages/${first.body.messageId}`);
    expect(body).toMatchObject({ subject: "Javob", attachments: [{ filename: "b.txt" }] });
    await expect
      .poll(async () => (await server.folder()).mails.length, { message: "the mail to oneself" })
      .toBe(2);
  });

  it("that is deleted has no secrets left, and comes back with its messages", async () => {
    const { server, client, id } = await synced();
    expect((await client.call("DELETE", `/api/accounts/${id}`)).status).toBe(204);
    expect((await client.call("GET", `/api/${id}/folders`)).status).toBe(404);
    const again = await createAccount(client, input(server));
    expect(again.id).toBe(id);
    const { body } = await client.call("GET", `/api/${id}/folders`);
    expect(body.folders.find(({ type }: { type: string }) => type === "inbox").messageCount).toBe(1);
  });
});

describe("what the mailbox refuses crosses as a value", () => {
  it("a wrong password: 400 with verify=true, else told in the account", async () => {
    const server = await createMailbox();
    const client = await emailClient();
    const wrong = accountInput(input(server, { password: "not the password" }));
    const refused = await client.call("POST", "/api/accounts?verify=true", wrong);
    expect([refused.status, refused.body.code]).toEqual([400, "AUTHENTICATION_FAILED"]);
    expect(JSON.stringify(refused.body)).not.toContain("not the password");
    const { id } = await createAccount(client, wrong);
    await expect
      .poll(async () => (await client.call("GET", `/api/accounts/${id}`)).body.lastError?.code)
      .toBe("AUTHENTICATION_FAILED");
  });

  it.each(["127.0.0.1", "169.254.169.254", "mail.internal", "imap.nowhere.uz"])(
    "the host %s looks like one that is not there",
    async (hostname) => {
      const client = await emailClient();
      const answer = await client.call("POST", "/api/accounts?verify=true", accountInput({ hostname }));
      const { status, body } = answer;
      expect([status, body.code, body.message]).toEqual([
        ...[400, "CONNECTION_FAILED", "The mail server cannot be reached"],
      ]);
    },
  );

  it("what is not there is 404, and another user's is too", async () => {
    const { client, id } = await synced();
    const missing = [
      `/api/${id}/messages/${cuid()}`,
      `/api/${id}/folders/${cuid()}/messages`,
      `/api/sync/task/${id}-${cuid()}`,
    ];
    for (const path of missing) expect((await client.call("GET", path)).status, path).toBe(404);
    const stranger = await emailClient({ tenant_id: client.claims.tenant_id });
    expect((await stranger.call("GET", `/api/${id}/folders`)).status).toBe(404);
  });
});
