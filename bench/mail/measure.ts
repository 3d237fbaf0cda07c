import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createCertificates } from "../../dev/mail/net/certificates.ts";
import { startMailServers } from "../../dev/mail/servers.ts";
import { setFlags } from "../../dev/mail/world/gmail.ts";
import type { Mailbox } from "../../dev/mail/world/mailbox.ts";
import { deliver, World } from "../../dev/mail/world/world.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { type MeteredMailbox, type Owner, startEngine } from "./engine.ts";
import { watchHeap } from "./heap.ts";
import { letters } from "./letters.ts";

/** Folders beside INBOX, as most mailboxes have them. */
const FOLDERS = 15;
const PAGE = 50;
const WALKED = 20;
/** Messages that a call adds to the large list, at most. */
const AT_ONCE = 50_000;

/** What was measured. Times are in milliseconds, sizes in bytes. */
export interface Measured {
  mails: number;
  listed: number;
  firstHundredMs: number;
  firstSyncMs: number;
  heapPeak: number;
  rowsPerMessage: number;
  nothingNew: { received: number; sent: number; written: number; ms: number };
  oneFlag: { written: number; writtenInLarge: number };
  page: { first: number; walk: number; deep: number; deepMs: number };
}

/**
 * Measures a mailbox on the stand-in for mail servers, on this machine.
 * @param sizes.mails in its inbox; `listed` in the large list, at least as many
 */
export async function measure(
  cleanup: Cleanup,
  directory: string,
  { mails, listed }: { mails: number; listed: number },
): Promise<Measured> {
  const world = new World();
  const { trusted } = await createCertificates();
  const servers = await startMailServers({ world, certificate: trusted });
  cleanup.defer(() => servers.close());
  const engine = await startEngine(cleanup, directory);
  const open = async (count: number) => {
    const server = fill(world, count);
    const { mailbox } = await connect(engine.mailboxOf, server, servers.ports.imap);
    return { server, mailbox };
  };

  // The first run loads and compiles everything.
  const warm = await open(100);
  await syncAll(warm.mailbox);

  const { server, mailbox } = await open(mails);
  const heap = await watchHeap(engine.inspectorUrl);
  const firstSync = await syncAll(mailbox);
  const heapPeak = heap.stop();

  // Folders are opened once more after their history.
  await mailbox.pass();
  const nothingNew = await passOf(mailbox, server);
  const written = await flagOne(mailbox, server);

  const { id: folderId } = await mailbox.folder("INBOX");
  for (let total = mails; total < listed; )
    ({ total } = await mailbox.grow(folderId, Math.min(listed - total, AT_ONCE)));
  const page = await pagesOf(mailbox, folderId, listed);
  const small = await open(100);
  await syncAll(small.mailbox);
  await small.mailbox.pass();
  return {
    mails,
    listed,
    ...firstSync,
    heapPeak,
    rowsPerMessage: firstSync.written / mails,
    nothingNew,
    oneFlag: { written: await flagOne(small.mailbox, small.server), writtenInLarge: written },
    page,
  };
}

function fill(world: World, count: number): Mailbox {
  const server = world.addMailbox(`${randomUUID()}@mail.test`, "correct-horse");
  for (let nth = 1; nth <= FOLDERS; nth++) server.create({ path: `Folder ${nth}`, specialUse: null });
  for (const letter of letters(count)) deliver(server, server.inbox, letter);
  return server;
}

async function connect(
  mailboxOf: (owner: Owner) => MeteredMailbox,
  { address }: Mailbox,
  port: number,
): Promise<{ mailbox: MeteredMailbox }> {
  const owner = {
    accountId: `c${randomUUID().replaceAll("-", "").slice(0, 24)}`,
    tenantId: randomUUID(),
    userId: randomUUID(),
  };
  const mailbox = mailboxOf(owner);
  const opened = await mailbox.configure(
    owner,
    {
      emailAddress: address,
      accountName: "Bench",
      protocol: "imap",
      incoming: { hostname: "localhost", port, encryption: "none", username: address },
      smtp: {},
      login: { type: "password" },
      isSyncEnabled: true,
      syncInterval: 300,
      isEnabled: true,
    },
    { password: "correct-horse" },
  );
  if (!opened.ok) throw new Error(opened.message);
  return { mailbox };
}

/** Runs wake-ups until the history is through. */
async function syncAll(mailbox: MeteredMailbox) {
  const start = performance.now();
  const firstHundred = untilKnown(mailbox, 100).then(() => performance.now() - start);
  for (let written = 0; ; ) {
    const pass = await mailbox.pass();
    if (pass.error) throw new Error(`The sync failed: ${pass.error}`);
    written += pass.written;
    if (!pass.isComplete) continue;
    const firstSyncMs = performance.now() - start;
    // A mailbox may have fewer.
    const firstHundredMs = pass.messages < 100 ? firstSyncMs : await firstHundred;
    return { firstHundredMs, firstSyncMs, written };
  }
}

async function untilKnown(mailbox: MeteredMailbox, wanted: number): Promise<void> {
  const end = performance.now() + 10 * 60_000;
  while ((await mailbox.known()).messages < wanted && performance.now() < end) await sleep(20);
}

async function passOf(mailbox: MeteredMailbox, server: Mailbox) {
  const start = performance.now();
  const { written } = await mailbox.pass();
  const ms = performance.now() - start;
  const connection = server.connections.at(-1);
  // Ours are the server's the other way round.
  return { received: connection?.sent ?? 0, sent: connection?.received ?? 0, written, ms };
}

async function flagOne(mailbox: MeteredMailbox, server: Mailbox): Promise<number> {
  const [mail] = server.inbox.mails;
  if (!mail) throw new Error("The inbox is empty");
  setFlags(server, server.inbox, mail, new Set(["\\Seen", "\\Flagged"]));
  return (await mailbox.pass()).written;
}

async function pagesOf(mailbox: MeteredMailbox, folderId: string, listed: number) {
  const query = { folderId, limit: PAGE, sort: "receivedAt:desc", filter: "all" } as const;
  const first = await mailbox.page({ ...query, offset: 0 });
  let walk = 0;
  for (let at = 1; at <= WALKED; at++) {
    walk = Math.max(walk, (await mailbox.page({ ...query, offset: at * PAGE })).read);
  }
  const start = performance.now();
  // The middle is the farthest: a page is found from the nearer end.
  const deep = await mailbox.page({ ...query, offset: Math.floor(listed / 2) });
  return { first: first.read, walk, deep: deep.read, deepMs: performance.now() - start };
}
