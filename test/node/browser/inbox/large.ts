import { expect, test } from "vitest";
import { answerLongList } from "../../../../dev/long-list.ts";
import { waitFor } from "../../../support/wait.ts";
import { openInbox } from "../../support/inbox.ts";

// A long list. Its answers are made up here.

/** `npm run bench -- inbox` scrolls 100,000. */
const CONVERSATIONS = 10_000;

test("a list of 10,000 conversations is scrolled to its end and back, with few rows and pages kept", async () => {
  const { page } = await openInbox({ path: "/app/settings" });
  await answerLongList(page, CONVERSATIONS);
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
