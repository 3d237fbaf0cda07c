import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { mailboxOf } from "./support/mailbox.ts";
import { createMailbox, type Profile } from "./support/server.ts";
import {
  askSync,
  changesOf,
  expectSound,
  listingOf,
  mail,
  mails,
  mirrorOf,
  openMailbox,
  syncNow,
  taskOf,
} from "./support/syncing.ts";

/** Ends the object, with all it has in memory. What it has stored stays, and its alarm is run again. */
const kill = (owner: Owner): Promise<void> =>
  runInDurableObject(mailboxOf(owner) as unknown as DurableObjectStub, (_, state) =>
    state.abort("killed by a test"),
  ).catch(() => {});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it.each([0, 1, 3])(
  "an object that dies at the %s. answer of its first sync goes on from there",
  async (skip) => {
    const server = await createMailbox();
    await server.deliver(mails(1300));
    await server.plan({ protocol: "imap", on: "UID FETCH", skip, delayMs: 400 });
    const owner = await openMailbox(server);
    const task = await askSync(owner);
    const isFetching = async () =>
      (await server.connections()).flatMap(({ commands }) =>
        commands.filter((each) => /UID FETCH/i.test(each)),
      ).length > skip;
    await expect.poll(isFetching, { interval: 20 }).toBe(true);
    await kill(owner);
    await expect.poll(() => taskOf(owner, task)).toMatchObject({ status: "success", progress: 100 });
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    expect((await taskOf(owner, task)).result).toMatchObject({ messagesAdded: 1300 });
    expect(await changesOf(owner)).toEqual([]);
    await expectSound(owner);
  },
);

const WAYS: NonNullable<Profile["sync"]>[] = ["qresync", "condstore", "none"];

it.each(WAYS)("with %s an object that dies in the middle of changes takes each over once", async (sync) => {
  const server = await createMailbox({ profile: { sync } });
  await server.deliver(mails(30));
  await server.createFolder("Archive");
  const owner = await openMailbox(server);
  await syncNow(owner);
  await server.deliver(mail("new"));
  await server.move([1, 2, 3], "Archive");
  await server.flag([4], { add: ["\\Flagged"] });
  await server.expunge([5]);
  for (const on of ["LIST", "EXAMINE", "UID FETCH", "UID SEARCH", "UID FETCH"]) {
    await server.plan({ protocol: "imap", on, delayMs: 150 });
    await askSync(owner, { force: true });
    await pause(100);
    await kill(owner);
  }
  await server.clearFaults();
  await syncNow(owner, { force: true });
  expect(await mirrorOf(owner)).toEqual(await listingOf(server));
  const kinds = (await changesOf(owner)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "created")).toHaveLength(1);
  expect(kinds).not.toContain("deleted");
  await expectSound(owner);
});
