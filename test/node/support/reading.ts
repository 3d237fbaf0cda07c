import type { FrameLocator, Page } from "playwright-core";
import { waitFor } from "../../support/wait.ts";
import { newUser, receive, receiveStored, server } from "./inbox.ts";
import { uniqueSubject } from "./mail.ts";

/** An image of one pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Opens a conversation by its address. */
export async function openThread(page: Page, threadId: string, view = "inbox"): Promise<void> {
  await page.goto(`${server.url}/app/${view}/${threadId}`);
  await page.locator(".thread-header h1").waitFor();
}

/** The HTML of the only mail that is open. */
export const mailIn = (page: Page): FrameLocator => page.frameLocator(".mail-frame iframe");

/** How many mails are on their way at a time. */
const AT_A_TIME = 10;

/** Sends a conversation of this many mails, each with HTML. @returns its id, when all are stored */
export async function receiveThread(count: number): Promise<string> {
  const subject = uniqueSubject("Suhbat");
  const first = `<first.${subject.replaceAll(" ", "-")}@mijoz.example>`;
  const { thread_id } = await receiveStored({ subject, messageId: first, html: "<p>Mail 1</p>" });
  const mails = Array.from({ length: count - 1 }, (_, at) => ({
    subject: `Re: ${subject}`,
    inReplyTo: first,
    references: [first],
    html: `<p>Mail ${at + 2}</p>`,
  }));
  for (let at = 0; at < mails.length; at += AT_A_TIME)
    await Promise.all(mails.slice(at, at + AT_A_TIME).map((mail) => receive(mail)));
  const { api } = await newUser();
  await waitFor(async () => {
    const { data } = await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
    if (data?.message_count !== count) throw new Error(`${data?.message_count} of ${count} mails are there`);
  }, 500);
  return thread_id;
}
