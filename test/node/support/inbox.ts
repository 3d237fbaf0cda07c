import { createTransport, type SendMailOptions } from "nodemailer";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, expect, inject, onTestFinished } from "vitest";
import { createClient } from "../../../client/index.ts";
import { launchChromium } from "../../../dev/chromium.ts";
import { jwtSecret, signToken } from "../../../dev/token.ts";
import { WAIT_MS, waitFor } from "../../support/wait.ts";
import { uniqueSubject } from "./mail.ts";

export const server = inject("inbox");

/** A mailbox of the demo, in company 2. */
export const MAILBOX = "support@yolchi.example";

/** Where the users and the mail of this suite are, unless a test says otherwise. */
let home = { companies: [1, 2], mailbox: MAILBOX };

/** Takes this suite out of the demo's companies, whose lists and counts other suites change at the same time. */
export function moveTo(company: number, mailbox: string): void {
  home = { companies: [company], mailbox };
}

let users = 1000 + Math.floor(Math.random() * 1_000_000);

let browser: Promise<Browser> | undefined;
/** Those that were opened for all tests of a file. */
const contexts: BrowserContext[] = [];

afterAll(async () => {
  for (const context of contexts) await context.close();
  await (await browser)?.close();
});

/** A user who has read nothing yet. */
export async function newUser(name = "Test", role = "agent", companies = home.companies) {
  const user = ++users;
  const token = await signToken({ user, name, companies, role, hours: 2 }, jwtSecret());
  return { user, token, api: createClient({ baseUrl: server.url, token }) };
}

/**
 * Opens the web inbox in a browser of its own, signed in by the link as a new user.
 * @param options.path where to go after the sign-in
 */
export async function openInbox({
  path = "/app/inbox",
  name = "Test",
  role = "agent",
  baseUrl = server.url,
  user,
  ...options
}: BrowserContextOptions & {
  path?: string;
  name?: string;
  role?: string;
  baseUrl?: string;
  user?: Awaited<ReturnType<typeof newUser>>;
} = {}) {
  browser ??= launchChromium();
  const context = await (await browser).newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
  });
  // An open page follows all mail, and there would be more of them with each test.
  if (expect.getState().currentTestName === undefined) contexts.push(context);
  else onTestFinished(() => context.close());
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const signedIn = user ?? (await newUser(name, role));
  await page.goto(`${baseUrl}${path}#token=${signedIn.token}`);
  return { ...signedIn, context, page };
}

/** Sends a mail to the suite's mailbox by SMTP, as any mail program does. @returns its unique subject */
export async function receive(mail: SendMailOptions = {}): Promise<string> {
  const subject = mail.subject ?? uniqueSubject("Xat");
  const transport = createTransport({ host: "localhost", port: server.smtpPort, ignoreTLS: true });
  const defaults = { from: '"Aziza Karimova" <aziza@mijoz.example>', to: home.mailbox, text: "Salom!" };
  await transport.sendMail({ ...defaults, ...mail, subject });
  transport.close();
  return subject;
}

/** Sends a mail as `receive` does, and waits until it is stored. @returns its ids */
export async function receiveStored(mail: SendMailOptions = {}) {
  const subject = await receive(mail);
  const { api } = await newUser();
  return waitFor(async () => {
    const { data } = await api.GET("/messages", { params: { query: { size: 20 } } });
    const found = data?.items.find((message) => message.subject === subject);
    if (!found) throw new Error(`No mail "${subject}" yet`);
    return { subject, message_id: found.id, thread_id: found.thread_id };
  }, 100);
}

/** The rows of the list that show a subject. */
export const rowOf = (page: Page, subject: string) =>
  page.locator(".row:not(.is-skeleton)").filter({ hasText: subject });

/** What says that the page follows the live feed. */
export const isLive = (page: Page) => page.locator(".live-status.is-live");
