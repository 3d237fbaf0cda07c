import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { mailboxOf, newOwner } from "./support/mailbox.ts";
import { quietMailbox } from "./support/quiet.ts";
import {
  apiOf,
  copiesIn,
  hurry,
  isIdle,
  journalOf,
  mailTo,
  openOn,
  sendFrom,
  taskOf,
} from "./support/sending.ts";
import { createMailbox } from "./support/server.ts";

/** The object dies at once, whatever it is doing. */
const kill = (owner: Owner): Promise<unknown> =>
  runInDurableObject(mailboxOf(owner) as unknown as DurableObjectStub, (_, state) =>
    state.abort("killed"),
  ).catch(() => {});

describe("refusals", () => {
  test("nobody's mail", async () => {
    const owner = await quietMailbox();
    expect(await apiOf(owner).send(owner, mailTo([]), null)).toMatchObject({ code: "INVALID" });
  });

  test("what is no address, or could end a command", async () => {
    const owner = await quietMailbox();
    for (const address of [
      "nobody",
      "a@b.example\r\nRCPT TO:<eve@evil.example>",
      '"<"@demo.example',
      "a@b.example>",
    ]) {
      expect(await apiOf(owner).send(owner, mailTo([address]), null)).toMatchObject({ code: "INVALID" });
      const mail = mailTo(["aziza@demo.example"], { replyTo: address });
      expect(await apiOf(owner).send(owner, mail, null)).toMatchObject({ code: "INVALID" });
    }
  });

  test("a reply to no message", async () => {
    const owner = await quietMailbox();
    for (const inReplyTo of ["c000000000000000000000000", "", "<>"]) {
      const mail = mailTo(["aziza@demo.example"], { inReplyTo });
      expect(await apiOf(owner).send(owner, mail, null)).toMatchObject({ code: "INVALID" });
    }
  });

  test("more than 25 MB of files, or more than a row of text", async () => {
    const owner = await quietMailbox();
    const file = { key: "mail/x", filename: "x", mimeType: "text/plain", size: 13 << 20 };
    const to = ["aziza@demo.example"];
    for (const mail of [mailTo(to, { files: [file, file] }), mailTo(to, { body: "ж".repeat(800_000) })])
      expect(await apiOf(owner).send(owner, mail, null)).toMatchObject({ code: "TOO_LARGE" });
  });

  test("a stranger", async () => {
    const owner = await quietMailbox();
    const stranger = { ...newOwner(), accountId: owner.accountId };
    const mail = mailTo(["aziza@demo.example"]);
    expect(await apiOf(owner).send(stranger, mail, null)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("an account that is switched off", async () => {
    const server = await createMailbox();
    const owner = await openOn(server, { isEnabled: false });
    const mail = mailTo(["aziza@demo.example"]);
    expect(await apiOf(owner).send(owner, mail, null)).toMatchObject({ code: "CONFLICT" });
  });

  test("a key of another mail", async () => {
    const owner = await quietMailbox();
    await sendFrom(owner, mailTo(["aziza@demo.example"]), "key");
    const other = mailTo(["aziza@demo.example"], { subject: "Dinner" });
    expect(await apiOf(owner).send(owner, other, "key")).toMatchObject({ code: "KEY_REUSED" });
  });

  test("an account without an SMTP server: the task tells", async () => {
    const server = await createMailbox();
    const owner = await openOn(server, { smtp: {}, emailAddress: "sardor@nowhere.example" });
    const { task } = await sendFrom(owner, mailTo(["aziza@demo.example"]));
    await expect
      .poll(() => taskOf(owner, task.taskId))
      .toMatchObject({ status: "failure", code: "SMTP_UNKNOWN" });
  });
});

describe("a key makes one mail", () => {
  test("however often it comes, also at once", async () => {
    const [server, friend] = [await createMailbox(), await createMailbox()];
    const owner = await openOn(server);
    const mail = mailTo([friend.address]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => sendFrom(owner, mail, "key")));
    await expect.poll(() => isIdle(owner)).toBe(true);
    answers.push(await sendFrom(owner, mail, "key"));
    expect(new Set(answers.map(({ task, messageId }) => `${task.taskId} ${messageId}`)).size).toBe(1);
    expect(answers.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1);
    expect(await copiesIn(friend)).toBe(1);
  });

  test("without one each call does", async () => {
    const [server, friend] = [await createMailbox(), await createMailbox()];
    const owner = await openOn(server);
    for (const _ of [1, 2]) await sendFrom(owner, mailTo([friend.address]));
    await expect.poll(() => isIdle(owner)).toBe(true);
    expect([await copiesIn(friend), await copiesIn(server, "Sent")]).toEqual([2, 2]);
  });

  test("after a refusal it makes another", async () => {
    const [server, friend] = [await createMailbox(), await createMailbox()];
    await server.plan({ protocol: "smtp", on: "RCPT", answer: "550 5.1.1 Nobody" });
    const owner = await openOn(server);
    const first = await sendFrom(owner, mailTo([friend.address]), "key");
    await expect.poll(() => isIdle(owner)).toBe(true);
    const second = await sendFrom(owner, mailTo([friend.address]), "key");
    expect(second).toMatchObject({ isReplayed: false });
    await expect.poll(() => isIdle(owner)).toBe(true);
    expect(await taskOf(owner, first.task.taskId)).toMatchObject({ status: "failure" });
    expect(await taskOf(owner, second.task.taskId)).toMatchObject({ status: "success" });
    expect(await copiesIn(friend)).toBe(1);
  });
});

describe("an object that dies", () => {
  /** While the server waits at a command, the object is killed; then it goes on. */
  async function killedAt(on: string, filesSent: boolean) {
    const profile = { filesSentAfter: filesSent ? 0 : null };
    const [server, friend] = [await createMailbox({ profile }), await createMailbox()];
    await server.plan({ protocol: on === "APPEND" ? "imap" : "smtp", on, delayMs: 1500 });
    const owner = await openOn(server);
    const { task } = await sendFrom(owner, mailTo([friend.address]), "key");
    const reached = async () =>
      (await server.connections()).some(({ commands }) => commands.some((each) => each.startsWith(on)));
    if (on === ".") await expect.poll(async () => (await journalOf(owner, task.taskId))?.phase).toBe("dot");
    else await expect.poll(reached, { interval: 50 }).toBe(true);
    await kill(owner);
    await sendFrom(owner, mailTo([friend.address]), "key");
    // The server, which knows nothing of this, goes on.
    await new Promise((resolve) => setTimeout(resolve, 1700));
    await expect.poll(() => isIdle(owner), { interval: 200 }).toBe(true);
    const { status, code } = await taskOf(owner, task.taskId);
    return { status, code, delivered: await copiesIn(friend), sent: await copiesIn(server, "Sent") };
  }

  test.each(["MAIL", "RCPT", "DATA"])(
    "before the final dot, at %s: the mail is sent again, once",
    async (on) => {
      expect(await killedAt(on, false)).toEqual({ status: "success", code: null, delivered: 1, sent: 1 });
    },
  );

  test("after it: the mail is looked for, and never sent again", async () => {
    expect(await killedAt(".", true)).toEqual({ status: "success", code: null, delivered: 1, sent: 1 });
    expect(await killedAt(".", false)).toEqual({
      status: "failure",
      code: "SEND_UNKNOWN",
      delivered: 1,
      sent: 0,
    });
  });
});

test("random cuts and deaths under one key: never two mails, and what is told is true", async () => {
  const ons = ["EHLO", "LOGIN", "MAIL", "RCPT", "DATA", "."] as const;
  const fault = fc.record({
    on: fc.constantFrom(...ons),
    kind: fc.constantFrom("cut", "lost", "421", "slow"),
    skip: fc.nat(1),
  });
  const steps = fc.array(fc.constantFrom("send", "kill", "hurry"), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 4 }),
      steps,
      fc.boolean(),
      async (faults, actions, filesSent) => {
        const profile = { filesSentAfter: filesSent ? 0 : null };
        const [server, friend] = [await createMailbox({ profile }), await createMailbox()];
        for (const { on, kind, skip } of faults) {
          const how = {
            cut: { answer: "", finally: "close" as const },
            lost: { isLost: true, finally: "close" as const },
            "421": { answer: "421 4.3.2 Bye", finally: "close" as const },
            slow: { delayMs: 100 },
          }[kind];
          await server.plan({ protocol: "smtp", on, skip, ...how });
        }
        const owner = await openOn(server);
        const mail = mailTo([friend.address]);
        let { task } = await sendFrom(owner, mail, "key");
        for (const action of actions) {
          if (action === "kill") await kill(owner);
          else if (action === "hurry") await hurry(owner);
          else ({ task } = await sendFrom(owner, mail, "key"));
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        await expect.poll(() => isIdle(owner), { interval: 50 }).toBe(true);
        const { status, code } = await taskOf(owner, task.taskId);
        const delivered = await copiesIn(friend);
        expect(delivered).toBeLessThanOrEqual(1);
        if (status === "success") expect([delivered, await copiesIn(server, "Sent")]).toEqual([1, 1]);
        else if (code !== "SEND_UNKNOWN") expect(delivered).toBe(0);
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});
