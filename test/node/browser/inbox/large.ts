import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Schemas } from "../../../../client/index.ts";
import { waitFor } from "../../../support/wait.ts";
import { openInbox } from "../../support/inbox.ts";

// A long list. Its answers are made up here.

/** `npm run bench -- inbox` scrolls 100,000. */
const CONVERSATIONS = 10_000;

const idOf = (kind: number, nth: number): string =>
  `${String(kind).padStart(8, "0")}-0000-7000-8000-${String(nth).padStart(12, "0")}`;

function conversation(nth: number): Schemas["Conversation"] {
  const sent_at = new Date(Date.UTC(2026, 0, 1) - nth * 60_000).toISOString().replace(".000", "");
  const person = { name: `Mijoz ${nth % 997}`, email: `mijoz${nth % 997}@example.com` };
  return {
    thread_id: idOf(1, nth),
    email_account_id: idOf(2, 1),
    account_email: "sales@example.com",
    company_id: 1,
    subject: `Suhbat ${nth}`,
    message_count: 1 + (nth % 5),
    version: 1,
    last_message_at: sent_at,
    message: {
      id: idOf(3, nth),
      from_address: person.email,
      from_name: person.name,
      to_addresses: [{ email: "sales@example.com" }],
      snippet: "Assalomu alaykum! Narxlar ro‘yxatini yubordik.",
      direction: "inbound",
      folder: "inbox",
      sent_at,
    },
    participants: [person],
    has_attachments: nth % 6 === 0,
    unread_count: nth % 3 === 0 ? 1 : 0,
    is_starred: false,
    is_archived: false,
  };
}

/** Answers `GET /conversations` with a long list. */
async function makeLarge(page: Page): Promise<void> {
  await page.route("**/conversations?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = Number(query.get("cursor") ?? 0);
    const size = Math.min(Number(query.get("size") ?? 25), CONVERSATIONS - from);
    const items = Array.from({ length: size }, (_, nth) => conversation(from + nth));
    const next_cursor = from + size < CONVERSATIONS ? String(from + size) : null;
    return route.fulfill({ json: { items, next_cursor } });
  });
}

test("a list of 10,000 conversations is scrolled to its end and back, with few rows and pages kept", async () => {
  const { page } = await openInbox({ path: "/app/settings" });
  await makeLarge(page);
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Inbox/ })
    .click();
  const viewport = page.locator(".list-viewport");
  await page.getByText("Suhbat 0", { exact: true }).waitFor();
  const toEnd = () => viewport.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  const last = page.getByText(`Suhbat ${CONVERSATIONS - 1}`, { exact: true });
  await waitFor(async () => {
    await toEnd();
    expect(await last.count()).toBe(1);
  }, 0);
  expect(await page.locator(".row").count()).toBeLessThan(60);
  const heap = async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  // All conversations as objects would take 10 MB more.
  expect(await heap()).toBeLessThan(16e6);

  await viewport.evaluate((element) => element.scrollTo({ top: element.scrollHeight / 2 }));
  await page
    .getByText(/^Suhbat (49|50)\d{2}$/)
    .first()
    .waitFor();
  await viewport.evaluate((element) => element.scrollTo({ top: 0 }));
  await page.getByText("Suhbat 0", { exact: true }).waitFor();
});
