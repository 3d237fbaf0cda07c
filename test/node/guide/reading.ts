import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { follow, signIn } from "../support/browser.ts";
import type { DevServer } from "../support/dev-server.ts";
import { deliver, uniqueSubject } from "../support/mail.ts";
import {
  getAccounts,
  getAttachments,
  getDownloadUrl,
  getMessage,
  getMessages,
  getPaginationInfo,
  getThread,
  getThreads,
  updateThread,
} from "./client.ts";
import { formatFileSize, getMessageBody, getSenderName, getSnippet } from "./display.ts";
import type { Attachment, Message } from "./types.ts";

/** Sections 8, 10, 11 and 16. */
export function readingFacts(server: () => DevServer): void {
  describe("messages", () => {
    beforeEach(() => signIn(20, [1, 2]));

    test("pages follow one another, newest first, with the total of all accounts", async () => {
      const first = await getMessages({ page: 1, size: 25 });
      const second = await getMessages({ page: 2, size: 25 });
      const totals = (await getAccounts()).map(
        async ({ id }) => (await getMessages({ account_id: id })).total,
      );
      expect(first.total).toBe((await Promise.all(totals)).reduce((sum, total) => sum + total));
      const times = [...first.items, ...second.items].map(({ sent_at }) => sent_at);
      expect(times).toEqual(times.toSorted().reverse());
      expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(50);
    });

    test("getPaginationInfo finds the last page, and the page after it is empty", async () => {
      const { total } = await getMessages();
      const totalPages = Math.ceil(total / 25);
      const last = await getMessages({ page: totalPages, size: 25 });
      expect(getPaginationInfo(last)).toEqual({
        currentPage: totalPages,
        totalPages,
        totalItems: total,
        pageSize: 25,
        hasPrevPage: true,
        hasNextPage: false,
      });
      expect(last.items).toHaveLength(total - 25 * (totalPages - 1));
      expect(await getMessages({ page: totalPages + 1 })).toEqual({
        items: [],
        total,
        page: totalPages + 1,
        size: 25,
        next_cursor: null,
      });
    });

    test("every message has sender, content and date to show", async () => {
      const { items } = await getMessages({ size: 100 });
      const messages = await Promise.all(items.map(({ id }) => getMessage(id)));
      expect(messages).toEqual(items);
      for (const message of messages) {
        expect(getSenderName(message)).not.toBe("");
        expect(getMessageBody(message)).not.toBe("(Xabar tarkibi yo'q)");
        expect(getSnippet(message)).not.toBe("");
        expect(message.sent_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      }
    });

    test("a body of three megabytes arrives whole", async () => {
      const listed = await findMessage(({ subject }) => subject.startsWith("Yillik hisobot"));
      const { body_html } = await getMessage(listed.id);
      expect(body_html?.length).toBeGreaterThan(3_000_000);
      expect(body_html?.endsWith("<p>Hisobot oxiri.</p>")).toBe(true);
      expect(listed.body_html === body_html).toBe(true);
    });

    test("a message of another company is not found", async () => {
      const [message] = (await getMessages({ account_id: (await accountOf("savdo@anhor.example")).id }))
        .items;
      await signIn(21, [2]);
      await expect(getMessage(message!.id)).rejects.toEqual({ status: 404, detail: "Message not found" });
    });
  });

  describe("threads", () => {
    beforeEach(() => signIn(22, [1, 2]));

    test("threads are last active first, their messages oldest first", async () => {
      const { items } = await getThreads({ page: 1, size: 100 });
      const times = items.map(({ last_message_at }) => last_message_at);
      expect(times).toEqual(times.toSorted().reverse());

      const { messages, ...summary } = await getThread(items.find((thread) => thread.message_count >= 3)!.id);
      expect(items).toContainEqual(summary);
      expect(messages).toHaveLength(summary.message_count);
      const sent = messages.map(({ sent_at }) => sent_at);
      expect(sent).toEqual(sent.toSorted());
      expect(sent.at(-1)).toBe(summary.last_message_at);
      for (const message of messages) expect(await getMessage(message.id)).toEqual(message);
    });

    test("do_not_delete is set and cleared, and nothing else changes", async () => {
      const id = (await getThreads()).items[0]!.id;
      const before = await getThread(id);
      expect(await updateThread(id, { do_not_delete: true })).toEqual({ ...before, do_not_delete: true });
      expect((await getThreads()).items[0]).toMatchObject({ id, do_not_delete: true });
      expect(await updateThread(id, { do_not_delete: false })).toEqual(before);
    });
  });

  describe("attachments", () => {
    beforeEach(() => signIn(23, [1, 2]));

    test("inline ones are distinguished from downloads", async () => {
      const both = await findMessage(({ attachments }) => attachments.some(({ is_inline }) => is_inline));
      const attachments = await getAttachments(both.id);
      expect(attachments).toEqual(both.attachments);
      const visibleAttachments = attachments.filter((a) => !a.is_inline);
      expect(visibleAttachments.length).toBeLessThan(attachments.length);
      expect(both.has_attachments).toBe(visibleAttachments.length > 0);
    });

    test("the download URL of a PDF serves the declared number of bytes without a token", async () => {
      const isPdf = ({ content_type }: Attachment) => content_type === "application/pdf";
      const message = await findMessage(({ attachments }) => attachments.some(isPdf));
      expect(message.has_attachments).toBe(true);
      const pdf = (await getAttachments(message.id)).find(isPdf)!;
      const bytes = await download(pdf);
      expect(bytes.subarray(0, 4).toString()).toBe("%PDF");
      expect(bytes).toHaveLength(pdf.size_bytes);
      expect(formatFileSize(pdf.size_bytes)).toMatch(/^[\d.]+ K?B$/);
    });

    test("a file received by SMTP is downloaded byte for byte", async () => {
      const live = await follow();
      const subject = uniqueSubject("Hisob-faktura");
      const content = Buffer.concat([Buffer.from("%PDF-1.4\n"), randomBytes(200_000)]);
      const file = { filename: "Счёт №7.pdf", content, contentType: "application/pdf" };
      await deliver(server(), { to: "savdo@anhor.example", subject, text: "Ilova", attachments: [file] });
      const { message } = await live.arrival(subject);
      live.close();
      expect(message).toMatchObject({ has_attachments: true, body_text: expect.stringContaining("Ilova") });
      const [attachment] = await getAttachments(message.id);
      expect(attachment).toMatchObject({
        filename: file.filename,
        size_bytes: content.length,
        is_inline: false,
      });
      expect(content.equals(await download(attachment!))).toBe(true);
    });
  });
}

const accountOf = async (email: string) =>
  (await getAccounts()).find(({ email_address }) => email_address === email)!;

async function findMessage(isIt: (message: Message) => boolean): Promise<Message> {
  for (let page = 1; ; page++) {
    const result = await getMessages({ page, size: 100 });
    const found = result.items.find(isIt);
    if (found) return found;
    if (!getPaginationInfo(result).hasNextPage) throw new Error("No message in the demo is like that");
  }
}

async function download({ id }: Attachment): Promise<Buffer> {
  const { download_url } = await getDownloadUrl(id);
  const response = await fetch(download_url);
  expect(response.status, download_url).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
