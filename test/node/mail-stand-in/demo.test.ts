import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startDemoMailboxes } from "../../../dev/mailboxes.ts";
import { mailOf } from "./running.ts";

const state = mkdtempSync(join(tmpdir(), "xabar-mailboxes-"));
afterAll(() => rmSync(state, { recursive: true, force: true }));

const start = () =>
  startDemoMailboxes({
    state,
    sentFolder: join(state, "sent-mail"),
    ports: { imaps: 0, pop3s: 0, smtps: 0 },
    onSent: () => {},
  });

/** INBOX of a demo mailbox, as it is kept. */
function kept() {
  const { world } = JSON.parse(readFileSync(join(state, "mailboxes.json"), "utf8"));
  const { folders } = world.mailboxes.find(
    ({ address }: { address: string }) => address === "savdo@anhor.example",
  );
  return folders.find(({ path }: { path: string }) => path === "INBOX");
}

test("UIDs come to mean other mails neither after an end, nor after a crash", async () => {
  const first = await start();
  const { uidValidity, uidNext } = kept();
  expect(uidNext).toBeGreaterThan(50);
  first.receive(Buffer.from(mailOf("one")), ["savdo@anhor.example", "stranger@x.example"]);
  await first.close();
  expect(kept()).toMatchObject({ uidValidity, uidNext: uidNext + 1 });

  const crashed = await start();
  expect(kept()).toMatchObject({ uidValidity, uidNext: uidNext + 1 });
  crashed.receive(Buffer.from(mailOf("two")), ["savdo@anhor.example"]);
  const later = await start();
  const folder = kept();
  expect(folder.uidValidity).toBeGreaterThan(uidValidity);
  expect(folder.uidNext).toBe(folder.mails.length + 1);
  expect(JSON.stringify(folder.mails.at(-1))).toContain("Subject: one");
  await Promise.all([later.close(), crashed.close()]);
});
