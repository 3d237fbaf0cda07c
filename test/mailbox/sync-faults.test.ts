import { describe, expect, it } from "vitest";
import type { MailboxStatus, Outcome, Owner } from "../../src/mailbox/contract.ts";
import { rowOf, rowsOf } from "../../src/platform/rows.ts";
import { mailboxOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type Fault, type MailServer } from "./support/server.ts";
import {
  askSync,
  changesOf,
  expectSound,
  idAt,
  listingOf,
  mail,
  mails,
  mirrorOf,
  openMailbox,
  syncNow,
  taskOf,
} from "./support/syncing.ts";

const statusOf = async (owner: Owner): Promise<MailboxStatus> => {
  const outcome = (await mailboxOf(owner).status(owner)) as Outcome<{ status: MailboxStatus }>;
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.status;
};

const nextTryOf = (owner: Owner): Promise<number | null> =>
  insideOf(owner, (ctx) => rowOf<{ at: number | null }>(ctx, "SELECT next_sync_at AS at FROM account")!.at);

const refusedOf = (owner: Owner): Promise<number> =>
  insideOf(owner, (ctx) => rowOf<{ n: number }>(ctx, "SELECT refused_logins AS n FROM account")!.n);

/** A mailbox that has synced once. */
async function synced(count = 5): Promise<{ server: MailServer; owner: Owner }> {
  const server = await createMailbox({ hasOwnPorts: true });
  await server.deliver(mails(count));
  const owner = await openMailbox(server);
  await syncNow(owner);
  return { server, owner };
}

const expectEqual = async (owner: Owner, server: MailServer): Promise<void> => {
  expect(await mirrorOf(owner)).toEqual(await listingOf(server));
  await expectSound(owner);
};

/** Asks until it works, as somebody who presses the button again. */
async function persist(owner: Owner): Promise<void> {
  await expect
    .poll(async () => {
      const task = await askSync(owner);
      await expect.poll(async () => (await taskOf(owner, task)).status).toMatch(/success|failure|retry/);
      return (await taskOf(owner, task)).status;
    })
    .toBe("success");
}

describe("a login that is refused", () => {
  it("is tried three times, and then never again until the settings change", async () => {
    const { server, owner } = await synced();
    await server.setAccess({ password: "another" });
    const task = await askSync(owner);
    await expect
      .poll(() => taskOf(owner, task))
      .toMatchObject({
        status: "failure",
        code: "AUTHENTICATION_FAILED",
      });
    expect(await statusOf(owner)).toMatchObject({ state: "failing" });
    for (const refused of [2, 3]) {
      await insideOf(owner, async (ctx) => {
        ctx.sql.exec("UPDATE account SET next_sync_at = ?", Date.now());
        await ctx.storage.setAlarm(Date.now());
      });
      await expect.poll(() => refusedOf(owner)).toBe(refused);
    }
    expect(await nextTryOf(owner)).toBeNull();
    expect(await statusOf(owner)).toMatchObject({ state: "auth_failed" });
    expect(await mailboxOf(owner).sync(owner, { force: false, folders: [] })).toMatchObject({
      ok: false,
      code: "AUTHENTICATION_FAILED",
    });
    await mailboxOf(owner).configure(owner, server.settings(), { password: "another" });
    await syncNow(owner);
    expect(await statusOf(owner)).toMatchObject({ state: "active", lastError: null });
  });

  it("for too many connections is no wrong password", async () => {
    const { server, owner } = await synced();
    await server.plan({
      protocol: "imap",
      on: "LOGIN",
      answer: "NO [LIMIT] Too many simultaneous connections. (Failure)",
    });
    const task = await askSync(owner);
    await expect.poll(() => taskOf(owner, task)).toMatchObject({ status: "retry", code: "THROTTLED" });
    expect(await statusOf(owner)).toMatchObject({ state: "failing", lastError: { code: "THROTTLED" } });
  });

  it("never shows what the server says of it", async () => {
    const { server, owner } = await synced();
    await server.plan({
      protocol: "imap",
      on: "LOGIN",
      answer: `NO [AUTHENTICATIONFAILED] not ${server.password}`,
    });
    const task = await askSync(owner);
    await expect.poll(async () => (await taskOf(owner, task)).status).toBe("failure");
    expect(JSON.stringify([await taskOf(owner, task), await statusOf(owner)])).not.toContain(server.password);
  });
});

describe("a server that asks to be left alone", () => {
  it("is, for as long as it asks", async () => {
    const { server, owner } = await synced();
    await server.deliver(mail("new"));
    const begun = Date.now();
    await server.plan({
      protocol: "imap",
      on: "UID FETCH",
      times: 0,
      answer: "NO Request is throttled. Suggested Backoff Time: 92415 milliseconds",
    });
    const task = await askSync(owner);
    await expect.poll(() => taskOf(owner, task)).toMatchObject({ status: "retry", code: "THROTTLED" });
    expect(Date.now() - begun).toBeLessThan(60_000);
    expect(await nextTryOf(owner)).toBeGreaterThanOrEqual(begun + 92_000);
  });
});

describe("a connection that is lost", () => {
  it.each(["CONNECT", "LOGIN", "LIST", "EXAMINE", "UID FETCH", "UID SEARCH"])(
    "at %s loses and doubles nothing",
    async (on) => {
      const { server, owner } = await synced(300);
      await server.deliver(mails(20, 301));
      await server.expunge([7, 8]);
      await server.flag([9], { add: ["\\Flagged"] });
      await server.plan({ protocol: "imap", on, finally: "close", answer: "" });
      await persist(owner);
      await expectEqual(owner, server);
      expect((await changesOf(owner)).filter(({ kind }) => kind === "created")).toHaveLength(20);
    },
  );

  it.each([1, 40, 333, 1000, 5000])(
    "after %s bytes of an answer loses and doubles nothing",
    async (cutAfter) => {
      const { server, owner } = await synced(3);
      await server.deliver(mails(40, 4));
      await server.plan({ protocol: "imap", on: "UID FETCH", cutAfter });
      await persist(owner);
      await expectEqual(owner, server);
    },
  );

  it("in the first sync repeats one step at most", async () => {
    const server = await createMailbox();
    await server.deliver(mails(1300));
    await server.plan({ protocol: "imap", on: "UID FETCH", skip: 2, finally: "close", answer: "" });
    const owner = await openMailbox(server);
    await expect.poll(async () => (await statusOf(owner)).state).toBe("failing");
    const kept = Object.keys((await mirrorOf(owner)).INBOX ?? {}).length;
    expect(kept).toBe(600);
    await persist(owner);
    await expectEqual(owner, server);
    const fetches = (await server.connections()).flatMap(({ commands }) =>
      commands.filter((command) => /UID FETCH/i.test(command)),
    );
    expect(fetches.length).toBeLessThanOrEqual(6);
  });

  it("that only hangs is given up", async () => {
    const { server, owner } = await synced(3);
    await server.deliver(mail("new"));
    await server.plan({ protocol: "imap", on: "UID FETCH", answer: "", finally: "hang" });
    const task = await askSync(owner);
    await expect
      .poll(() => taskOf(owner, task))
      .toMatchObject({ status: "retry", code: "CONNECTION_FAILED" });
    await persist(owner);
    await expectEqual(owner, server);
  });
});

describe("answers that are wrong", () => {
  const wrong: [name: string, fault: Omit<Fault, "protocol">][] = [
    ["VANISHED for what is there", { on: "UID FETCH", before: ["* VANISHED (EARLIER) 1:4"] }],
    ["EXISTS with another number", { on: "EXAMINE", after: ["* 999 EXISTS"] }],
    ["an EXPUNGE in the middle", { on: "UID FETCH", before: ["* 1 EXPUNGE"] }],
    [
      "a flag of a message that nobody knows",
      { on: "UID FETCH", before: ["* 77 FETCH (UID 9999 FLAGS (x))"] },
    ],
    ["a FETCH without its flags", { on: "UID FETCH", omit: ["FLAGS"] }],
    ["a FETCH without structure", { on: "UID FETCH", omit: ["BODYSTRUCTURE"] }],
    ["a FETCH without headers", { on: "UID FETCH", omit: ["BODY[HEADER.FIELDS"] }],
    ["a greeting of another protocol", { on: "CONNECT", answer: "220 smtp.example ESMTP" }],
    ["BYE", { on: "LIST", before: ["* BYE shutting down"], answer: "", finally: "close" }],
    [
      "what is no IMAP",
      { on: "EXAMINE", answer: "", before: ["HTTP/1.1 400 Bad Request"], finally: "close" },
    ],
    ["a folder that cannot be opened", { on: "EXAMINE", answer: "NO [SERVERBUG] Internal error" }],
    ["a literal of 4 GB", { on: "UID FETCH", before: ["* 1 FETCH (BODY[] {4294967296}"], finally: "close" }],
    ["no LIST at all", { on: "LIST", answer: "OK nothing" }],
  ];

  it.each(wrong)("%s: in the end all is as on the server", async (_, fault) => {
    const { server, owner } = await synced(5);
    const ids = await Promise.all([1, 2, 3, 4, 5].map((uid) => idAt(owner, uid)));
    await server.deliver(mails(2, 6));
    await server.flag([2], { add: ["\\Seen"] });
    await server.plan({ protocol: "imap", ...fault });
    const task = await askSync(owner);
    await expect.poll(async () => (await taskOf(owner, task)).status).toMatch(/success|failure|retry/);
    await server.clearFaults();
    await persist(owner);
    await server.flag([3], { add: ["\\Seen"] });
    await persist(owner);
    await expectEqual(owner, server);
    expect(await Promise.all([1, 2, 3, 4, 5].map((uid) => idAt(owner, uid)))).toEqual(ids);
    expect((await changesOf(owner)).filter(({ kind }) => kind === "deleted")).toEqual([]);
  });
});

describe("a server that has gone back in time", () => {
  it.each([
    ["MODSEQ", "UPDATE folders SET modseq = '99999999'"],
    ["UIDNEXT", "UPDATE folders SET uidnext = 99999"],
  ])("with its %s is compared as a whole", async (_, statement) => {
    const { server, owner } = await synced(60);
    const ids = await Promise.all([1, 30, 60].map((uid) => idAt(owner, uid)));
    await insideOf(owner, (ctx) => void ctx.sql.exec(`${statement} WHERE path = 'INBOX'`));
    await server.flag([30], { add: ["\\Flagged"] });
    await server.expunge([2]);
    await persist(owner);
    await persist(owner);
    await expectEqual(owner, server);
    expect(await Promise.all([1, 30, 60].map((uid) => idAt(owner, uid)))).toEqual(ids);
  });
});

describe("Gmail", () => {
  it("has a message in the folder of each of its labels, and it is one message", async () => {
    const server = await createMailbox({ profile: { gmail: true } });
    await server.deliver(mails(3));
    const owner = await openMailbox(server);
    await syncNow(owner);
    await expectEqual(owner, server);
    const messages = await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT id FROM messages"));
    expect(messages).toHaveLength(3);
  });
});

describe("mails that nobody should send", () => {
  it("are there, each once", async () => {
    const server = await createMailbox();
    await server.deliver([
      "",
      "\r\n",
      "no header at all",
      mail("twice"),
      mail("twice"),
      mail("twice", "X-Other: yes\r\n"),
      "From: a@b.example\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\nSubject: no Message-ID\r\n\r\nx\r\n",
      "From: a@b.example\r\nDate: Thu, 01 Jan 2099 00:00:00 +0000\r\nSubject: no Message-ID\r\n\r\nlonger\r\n",
      `From: ${"x".repeat(5000)}\r\nTo: ${"a@b.example, ".repeat(3000)}z@b.example\r\nSubject: ${"y".repeat(90_000)}\r\n\r\n`,
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(3000)}--b--\r\n`,
      nested(100),
      { raw: mail("old"), receivedAt: 0 },
      { raw: mail("future"), receivedAt: Date.UTC(2099, 0) },
    ]);
    const owner = await openMailbox(server);
    await syncNow(owner);
    await expectEqual(owner, server);
    const messages = await insideOf(owner, (ctx) =>
      rowsOf<{ id: string; received_at: number }>(ctx, "SELECT id, received_at FROM messages"),
    );
    expect(messages).toHaveLength(13);
    for (const { received_at } of messages) expect(received_at).toBeLessThan(Date.now() + 25 * 3600_000);
  });
});

function nested(levels: number): string {
  let part = "\r\nx\r\n";
  for (let level = 0; level < levels; level++)
    part = `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n${part}--b${level}--\r\n`;
  return part;
}
