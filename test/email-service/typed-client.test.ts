import { env, exports } from "cloudflare:workers";
import createClient from "openapi-fetch";
import { expect, it } from "vitest";
import type { components, paths } from "../fixtures/email-service.d.ts";
import { accountInput, emailClient, folderOf, inMailbox, messageOf } from "../support/email-client.ts";

// A client that was made from the contract alone, by openapi-typescript, which knows nothing of this Worker.

const clientOf = (headers: Record<string, string>) =>
  createClient<paths>({
    baseUrl: "https://xabar.test",
    headers,
    fetch: (request: Request) => exports.default.fetch(request),
  });

it("a client typed from the contract runs unchanged, through all 15 operations", async () => {
  const { token, claims } = await emailClient();
  const api = clientOf({ authorization: `Bearer ${token}` });

  const health = await api.GET("/health");
  expect(health.data).toMatchObject({ status: "healthy", service: "email_service" });

  const body = accountInput() as components["schemas"]["CreateAccountRequest"];
  const created = await api.POST("/api/accounts", { body });
  const account = created.data!;
  expect(account.tenantId).toBe(claims.tenant_id);
  const accountId = account.id;
  const folder = folderOf();
  const mail = messageOf(accountId, { folderId: folder.id });
  await env.ATTACHMENTS.put(`mail/${accountId}/${mail.attachments[0]!.id}`, "the bytes");
  await inMailbox(accountId, (mailbox) => {
    mailbox.listed = [folder];
    mailbox.mails = [mail];
  });

  const list = await api.GET("/api/accounts", { params: { query: { limit: 10, offset: 0 } } });
  expect(list.data?.pagination).toEqual({ total: 1, limit: 10, offset: 0 });
  const path = { accountId };
  expect((await api.GET("/api/accounts/{accountId}", { params: { path } })).data).toEqual(account);
  const change = { accountName: "Home", syncInterval: 600 };
  const changed = await api.PUT("/api/accounts/{accountId}", { params: { path }, body: change });
  expect(changed.data?.accountName).toBe("Home");

  const folders = await api.GET("/api/{accountId}/folders", { params: { path } });
  const [inbox] = folders.data?.folders ?? [];
  expect(inbox?.type).toBe("inbox");
  const messages = await api.GET("/api/{accountId}/folders/{folderId}/messages", {
    params: {
      path: { accountId, folderId: inbox!.id },
      query: { sort: "receivedAt:desc", filter: "unread" },
    },
  });
  const [first] = messages.data?.messages ?? [];
  const message = { params: { path: { accountId, messageId: first!.id } } };
  const detail = await api.GET("/api/{accountId}/messages/{messageId}", message);
  expect(detail.data?.body).toBe("Salom!");
  const read = await api.PATCH("/api/{accountId}/messages/{messageId}", {
    ...message,
    body: { isRead: true },
  });
  expect(read.data?.isRead).toBe(true);

  const [file] = detail.data?.attachments ?? [];
  const bytes = await api.GET("/api/{accountId}/attachments/{attachmentId}/download", {
    params: { path: { accountId, attachmentId: file!.id } },
    parseAs: "text",
  });
  expect(bytes.data).toBe("the bytes");

  const sync = await api.POST("/api/sync/{accountId}", { params: { path }, body: { force: false } });
  const taskId = sync.data?.taskId ?? "";
  const task = await api.GET("/api/sync/task/{taskId}", { params: { path: { taskId } } });
  expect(task.data?.status).toBe("pending");

  const letter = {
    accountId,
    to: ["a@example.com"],
    subject: "Salom",
    body: "Salom!",
    attachmentIds: [file!.id],
  };
  expect((await api.POST("/api/compose/send", { body: letter })).data?.messageId).toEqual(expect.any(String));
  expect((await api.POST("/api/compose/draft", { body: letter })).data?.accountId).toBe(accountId);

  expect((await api.DELETE("/api/accounts/{accountId}", { params: { path } })).response.status).toBe(204);
  const gone = await api.GET("/api/accounts/{accountId}", { params: { path } });
  expect(gone.error).toMatchObject({ error: "Not found", message: expect.stringContaining(accountId) });
});

it("X-Auth-Token is the contract's other way in", async () => {
  const { token, claims } = await emailClient();
  const { tenant_id, user_id } = claims;
  const api = clientOf({ "X-Auth-Token": token, "X-Tenant-ID": tenant_id, "X-User-ID": user_id });
  expect((await api.GET("/api/accounts")).data?.accounts).toEqual([]);
});
