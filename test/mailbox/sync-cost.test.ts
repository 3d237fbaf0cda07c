import { expect, it } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { runPass } from "../../src/mailbox/sync/pass.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { rowsWrittenBy } from "./support/metering.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type MailServer } from "./support/server.ts";
import { listingOf, mails, mirrorOf, openMailbox, syncNow } from "./support/syncing.ts";

/** Runs one pass here and now. @returns the rows it wrote, and the commands and bytes of its connection */
async function measure(owner: Owner, server: MailServer) {
  const rows = await insideOf(owner, (ctx) => rowsWrittenBy(ctx, runPass));
  const connection = (await server.connections()).at(-1)!;
  return { rows, ...connection };
}

/** A mailbox of 20 folders, which has synced and rests. */
async function resting(count: number): Promise<{ owner: Owner; server: MailServer }> {
  const server = await createMailbox();
  for (let i = 1; i <= 15; i++) await server.createFolder(`Folder ${i}`);
  await server.deliver(mails(count));
  const owner = await openMailbox(server, { syncInterval: 86_400 });
  await syncNow(owner);
  // A folder is opened once more after its history.
  await syncNow(owner);
  return { owner, server };
}

it("a pass that finds nothing new opens no folder, reads 4 KB at most and writes the account's row", async () => {
  const { owner, server } = await resting(300);
  const { rows, commands, sent } = await measure(owner, server);
  expect(commands.join("\n")).not.toMatch(/SELECT|EXAMINE|FETCH|SEARCH/i);
  expect(sent).toBeLessThanOrEqual(4096);
  expect(rows).toBeLessThanOrEqual(1);
});

it("a flag that changes elsewhere costs as much in a folder of 10 as in one of 1000", async () => {
  const costs: number[] = [];
  for (const count of [10, 1000]) {
    const { owner, server } = await resting(count);
    await server.flag([5], { add: ["\\Seen"] });
    const { rows, commands } = await measure(owner, server);
    expect(commands.filter((command) => /SELECT|EXAMINE/i.test(command))).toHaveLength(1);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    costs.push(rows);
  }
  expect(costs[1]).toBe(costs[0]);
  // Eight of the message, one of the folder, one of the account.
  expect(costs[0]).toBeLessThanOrEqual(10);
});

it("a message of the history writes eight rows at most", async () => {
  const server = await createMailbox();
  const owner = await openMailbox(server, { syncInterval: 86_400 });
  await syncNow(owner);
  await insideOf(owner, (ctx) => void ctx.sql.exec("UPDATE folders SET uidvalidity = NULL"));
  await server.deliver(mails(1000));
  const { rows } = await measure(owner, server);
  expect(await mirrorOf(owner)).toEqual(await listingOf(server));
  expect(rows / 1000).toBeLessThanOrEqual(8);
});

it("a mailbox has one connection while it syncs, and none afterwards", async () => {
  const { owner, server } = await resting(5);
  await syncNow(owner);
  await expect.poll(async () => (await server.connections()).filter(({ isOpen }) => isOpen)).toEqual([]);
  const open = await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT state FROM account"));
  expect(open).toEqual([{ state: "active" }]);
});
