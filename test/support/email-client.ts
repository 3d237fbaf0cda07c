import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { AccountResponse } from "../../src/email-service/accounts/responses.ts";
import { cuid } from "../../src/lib/cuid.ts";
import type { Folder, MessageDetail } from "../../src/mailbox/contract.ts";
import { type Answered, call, signToken, unique } from "./client.ts";
import type { Mailbox } from "./fake-mailbox.ts";

/** The claims of a token of the Email Service API. */
export interface EmailClaims {
  tenant_id: string;
  user_id: string;
  role: string;
}

/** A user of the Email Service API, in a tenant of their own. */
export interface EmailClient {
  claims: EmailClaims;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
  call<T = any>(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Answered<T>>;
}

export async function emailClient(claims: Partial<EmailClaims> = {}): Promise<EmailClient> {
  const full = { tenant_id: crypto.randomUUID(), user_id: crypto.randomUUID(), role: "user", ...claims };
  const token = await signToken(full);
  return {
    claims: full,
    token,
    call: (method, path, body, headers) => call(token, method, path, body, headers),
  };
}

/** The check of the log finds it anywhere. */
export const PASSWORD = "secret-1 of a mailbox";

/** What creates an account, with any changes. */
export const accountInput = (changes: object = {}) => ({
  accountName: "Work",
  emailAddress: `user${unique()}@demo.example`,
  protocol: "imap",
  hostname: "imap.demo.example",
  port: 993,
  encryption: "tls",
  username: "user",
  password: PASSWORD,
  ...changes,
});

/** Creates an account. */
export async function createAccount(client: EmailClient, changes: object = {}): Promise<AccountResponse> {
  const { status, body } = await client.call("POST", "/api/accounts", accountInput(changes));
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

/** Runs code in the fake mailbox of an account. */
export const inMailbox = <T>(accountId: string, run: (mailbox: Mailbox) => T | Promise<T>): Promise<T> =>
  runInDurableObject(env.MAILBOX.getByName(accountId) as never, (mailbox) =>
    run(mailbox as unknown as Mailbox),
  );

export const folderOf = (changes: Partial<Folder> = {}): Folder => ({
  id: cuid(),
  ...{ name: "INBOX", displayName: "Inbox", type: "inbox", parentId: null },
  ...{ messageCount: 1, unreadCount: 1, syncedAt: Date.now() },
  ...changes,
});

export function messageOf(accountId: string, changes: Partial<MessageDetail> = {}): MessageDetail {
  const id = cuid();
  return {
    ...{ id, folderId: cuid(), from: "sender@example.com", to: ["user@demo.example"], cc: [], bcc: [] },
    ...{
      subject: "Salom",
      preview: "Salom!",
      isRead: false,
      isStarred: false,
      isSpam: false,
      isDeleted: false,
    },
    ...{
      labels: [],
      attachmentCount: 1,
      receivedAt: Date.now(),
      createdAt: Date.now(),
      updatedAt: Date.now(),
    },
    ...{ body: "Salom!", bodyHtml: null, headers: { Subject: "Salom" }, conversationId: null, folderIds: [] },
    labelsSynced: true,
    isTruncated: false,
    attachments: [
      {
        ...{
          id: `${accountId}-${id}-2`,
          messageId: id,
          filename: "hisobot.pdf",
          mimeType: "application/pdf",
        },
        ...{ size: 9, contentId: null, isInline: false },
      },
    ],
    ...changes,
  };
}
