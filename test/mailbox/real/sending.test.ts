import { expect, test } from "vitest";
import type { Owner } from "../../../src/mailbox/contract.ts";
import { waitFor } from "../../support/wait.ts";
import { bindings } from "../support/mailbox.ts";
import { insideOf } from "../support/quiet.ts";
import { journalOf, mailTo, sendFrom, taskOf } from "../support/sending.ts";
import { connect } from "./mirror.ts";
import type { ListedFolder } from "./script.ts";
import { createRealMailbox, installed, queued, runAs, startSmtpProxy } from "./servers.ts";

const { smtp } = installed;
const dovecot = installed.imap.find(({ plainPort }) => plainPort === smtp?.imapPort);

/** A mailbox that sends by Postfix, through a proxy that cuts the first connection. */
async function open(cut?: string) {
  const mailbox = createRealMailbox(dovecot!);
  const port = cut ? await startSmtpProxy(smtp!.port, cut) : smtp!.port;
  const { username } = mailbox.settings.incoming;
  const server = { hostname: "localhost", port, encryption: "none", username } as const;
  const owner = await connect({ ...mailbox, settings: { ...mailbox.settings, smtp: server } });
  const friend = `friend-${owner.accountId}@probe.test`;
  const countOf = (listing: ListedFolder[], wanted: string) =>
    listing.find(({ path }) => path === wanted)?.mails.length;
  return {
    owner,
    address: mailbox.settings.emailAddress,
    friend,
    /** How many mails the friend has, once Postfix has delivered all that it accepted. */
    delivered: async () => {
      await waitFor(async () => expect(await queued()).toBe(0));
      return countOf(await runAs(smtp!.imapPort, friend, { do: "list" }), "INBOX");
    },
    inSent: async () => countOf(await mailbox.run({ do: "list" }), "Sent"),
    inbox: async () => countOf(await mailbox.run({ do: "list" }), "INBOX"),
  };
}

/** Lets what is planned for later happen now. */
const hurry = (owner: Owner) =>
  insideOf(owner, async ({ sql, storage }) => {
    sql.exec("UPDATE sends SET due_at = ? WHERE due_at IS NOT NULL", Date.now());
    await storage.setAlarm(Date.now());
  });

/** Puts a file of random bytes into the bucket, as an upload does. */
async function storeFile({ accountId }: Owner, size: number) {
  const key = `mail/${accountId}/uploads/${crypto.randomUUID()}`;
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await bindings.ATTACHMENTS.put(key, bytes);
  return { key, filename: "data.bin", mimeType: "application/octet-stream", size };
}

const endOf = (owner: Owner, taskId: string) =>
  waitFor(async () => {
    const task = await taskOf(owner, taskId);
    if (task.status === "retry") await hurry(owner);
    expect(["success", "failure"]).toContain(task.status);
    return task;
  });

test.skipIf(!smtp)("Postfix delivers a mail once, and Dovecot has it in Sent once", async () => {
  const { owner, friend, delivered, inSent } = await open();
  const { task } = await sendFrom(owner, mailTo([friend]), "key");
  const again = await sendFrom(owner, mailTo([friend]), "key");
  expect(again).toMatchObject({ isReplayed: true, task: { taskId: task.taskId } });
  expect(await endOf(owner, task.taskId)).toMatchObject({ status: "success" });
  await waitFor(async () => expect(await inSent()).toBe(1));
  expect(await delivered()).toBe(1);
});

test.skipIf(!smtp)("recipients that Postfix refuses are named, and the others get the mail", async () => {
  const { owner, friend, delivered } = await open();
  const { task } = await sendFrom(owner, mailTo([friend, "unknown@probe.test", "later@probe.test"]));
  const end = await endOf(owner, task.taskId);
  expect(end).toMatchObject({
    status: "success",
    result: { refused: [{ address: "unknown@probe.test" }, { address: "later@probe.test" }] },
  });
  expect(await delivered()).toBe(1);
});

test.skipIf(!smtp)(
  "a mail whose only recipient is refused for good is SEND_REFUSED, and stays a draft",
  async () => {
    const { owner } = await open();
    const { task } = await sendFrom(owner, mailTo(["unknown@probe.test"]));
    expect(await endOf(owner, task.taskId)).toMatchObject({ status: "failure", code: "SEND_REFUSED" });
  },
);

/** What the task says first, after a connection that was cut. */
const firstWord = (owner: Owner, taskId: string) =>
  waitFor(async () => {
    const task = await taskOf(owner, taskId);
    expect(task.status).toBe("retry");
    return task.code;
  });

test.skipIf(!smtp).concurrent.each(["before DATA", "in the mail"])(
  "a connection cut %s: nothing was sent, the task says so, and the next try sends it once",
  async (cut) => {
    const { owner, friend, delivered, inSent } = await open(cut);
    // Larger than what can be on the way: so the mailbox notices that the connection is gone.
    const files = [await storeFile(owner, 8_000_000)];
    const { task } = await sendFrom(owner, mailTo([friend], { files }), "key");
    expect(await firstWord(owner, task.taskId)).toBe("CONNECTION_FAILED");
    expect(await delivered()).toBe(0);
    expect(await endOf(owner, task.taskId)).toMatchObject({ status: "success" });
    await waitFor(async () => expect(await inSent()).toBe(1));
    expect(await delivered()).toBe(1);
  },
);

test.skipIf(!smtp).concurrent.each([
  { cut: "before the dot", possible: [0] },
  { cut: "after the dot", possible: [0, 1] },
  { cut: "before the reply", possible: [1] },
])(
  "a connection cut $cut: it may have been sent, the task says so, and it is never sent again",
  async ({ cut, possible }) => {
    const { owner, friend, delivered, inSent } = await open(cut);
    const { task } = await sendFrom(owner, mailTo([friend]), "key");
    expect(await firstWord(owner, task.taskId)).toBe("SEND_UNKNOWN");
    const first = await delivered();
    expect(possible).toContain(first);
    expect(await endOf(owner, task.taskId)).toMatchObject({ status: "failure", code: "SEND_UNKNOWN" });
    expect(await journalOf(owner, task.taskId)).toMatchObject({ phase: "unknown" });
    const replay = await sendFrom(owner, mailTo([friend]), "key");
    expect(replay).toMatchObject({ isReplayed: true, task: { code: "SEND_UNKNOWN" } });
    expect(await delivered()).toBe(first);
    expect(await inSent()).toBe(0);
  },
);

test.skipIf(!smtp)("a mail without an answer that is found in the mailbox was sent", async () => {
  const { owner, address, inbox, inSent } = await open("before the reply");
  const { task } = await sendFrom(owner, mailTo([address]), "key");
  expect(await endOf(owner, task.taskId)).toMatchObject({
    status: "success",
    result: { reply: "Found in the mailbox" },
  });
  await waitFor(async () => expect(await inSent()).toBe(1));
  expect(await inbox()).toBe(1);
});
