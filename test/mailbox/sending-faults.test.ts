import { describe, expect, test } from "vitest";
import type { OutgoingMail, Task } from "../../src/mailbox/contract.ts";
import { apiOf, copiesIn, isIdle, journalOf, mailTo, openOn, sendFrom, taskOf } from "./support/sending.ts";
import { createMailbox, type Fault, type Profile } from "./support/server.ts";

type SmtpFault = Omit<Fault, "protocol">;

/** Sends a mail through a server with faults, to the end. @returns how it ended, what was delivered, and what is in Sent */
async function outcomeOf(
  {
    faults = [],
    profile = {},
    hasOwnPorts = false,
  }: { faults?: SmtpFault[]; profile?: Profile; hasOwnPorts?: boolean },
  changes: Partial<OutgoingMail> = {},
) {
  const [server, friend] = [await createMailbox({ profile, hasOwnPorts }), await createMailbox()];
  for (const fault of faults) await server.plan({ protocol: "smtp", ...fault });
  const owner = await openOn(server);
  const { task, messageId } = await sendFrom(owner, mailTo([friend.address], changes), "key");
  await expect.poll(() => isIdle(owner), { interval: 100 }).toBe(true);
  const { status, code, error, result }: Task = await taskOf(owner, task.taskId);
  const journal = await journalOf(owner, task.taskId);
  return {
    owner,
    messageId,
    error,
    result,
    attempts: journal?.attempts,
    end: {
      status,
      code,
      phase: journal?.phase,
      delivered: await copiesIn(friend),
      sent: await copiesIn(server, "Sent"),
      drafts: await copiesIn(server, "Drafts"),
    },
  };
}

const SENT = { status: "success", code: null, phase: "filed", delivered: 1, sent: 1, drafts: 0 };
const REFUSED = {
  status: "failure",
  code: "SEND_REFUSED",
  phase: "refused",
  delivered: 0,
  sent: 0,
  drafts: 1,
};
const UNKNOWN = { status: "failure", code: "SEND_UNKNOWN", phase: "unknown", sent: 0, drafts: 0 };

describe("what the server refuses is not sent, and is a draft", () => {
  test.each<[string, Parameters<typeof outcomeOf>[0]]>([
    ["MAIL", { faults: [{ on: "MAIL", answer: "550 5.7.1 No" }] }],
    ["all recipients", { faults: [{ on: "RCPT", answer: "550 5.1.1 Nobody" }] }],
    ["DATA", { faults: [{ on: "DATA", answer: "554 5.7.1 No" }] }],
    ["the mail", { faults: [{ on: ".", answer: "554 5.7.1 Spam" }] }],
    ["a mail that is too large, by its own limit", { profile: { sizeLimit: 300 } }],
    ["a mail that is too large, in the end", { faults: [{ on: ".", answer: "552 5.3.4 Too large" }] }],
  ])("%s", async (_, server) => {
    const { end, owner, messageId, error } = await outcomeOf(server);
    expect(end).toEqual({ ...REFUSED, drafts: server.profile ? 0 : 1 });
    expect(error).toMatch(/55\d|300/);
    // Whatever the server makes of it, the text is not lost.
    expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ message: { body: "At noon?\n" } });
  });

  test("a wrong password, which is tried once", async () => {
    const { end, attempts } = await outcomeOf({
      faults: [{ on: "LOGIN", answer: "535 5.7.8 Wrong", times: 0 }],
    });
    expect(end).toEqual({ ...REFUSED, code: "AUTHENTICATION_FAILED" });
    expect(attempts).toBe(1);
  });
});

describe("what failed before the final dot is tried again, and is sent once", () => {
  const steps = ["CONNECT", "EHLO", "LOGIN", "MAIL", "RCPT", "DATA"];
  const failures: [string, Omit<SmtpFault, "on">][] = [
    ["a cut before the answer", { answer: "", finally: "close" }],
    ["421", { answer: "421 4.3.2 Shutting down", finally: "close" }],
  ];
  test.each(steps.flatMap((on) => failures.map(([name, fault]) => [name, on, fault] as const)))(
    "%s at %s",
    async (_, on, fault) => {
      const { end } = await outcomeOf({ faults: [{ on, ...fault }], hasOwnPorts: true });
      expect(end).toEqual(SENT);
    },
  );

  test.each<[string, SmtpFault]>([
    ["a cut within the mail", { on: "DATA", answer: "354 Go on", finally: "close" }],
    ["450 for the only recipient", { on: "RCPT", answer: "450 4.2.1 Greylisted" }],
    ["452 for MAIL", { on: "MAIL", answer: "452 4.3.1 Full" }],
    ["455 for MAIL, as any 4xx", { on: "MAIL", answer: "455 4.5.0 Not now" }],
    ["451 for the mail", { on: ".", answer: "451 4.3.0 Later" }],
    ["421 for the mail", { on: ".", answer: "421 4.3.0 Bye", finally: "close" }],
    ["what is no reply", { on: "MAIL", answer: "* OK IMAP4rev1", times: 0 }],
  ])("%s", async (name, fault) => {
    const { end } = await outcomeOf({ faults: [fault] }, { body: "x".repeat(200_000) });
    if (name !== "what is no reply") expect(end).toEqual(SENT);
    else expect(end).toEqual({ ...REFUSED, code: "PROTOCOL_MISMATCH" });
  });

  test("in the end it is given up", async () => {
    const { end, attempts } = await outcomeOf({
      faults: [{ on: "MAIL", answer: "451 4.3.0 Later", times: 0 }],
    });
    expect(end).toEqual({ ...REFUSED, code: "THROTTLED" });
    expect(attempts).toBe(8);
  });
});

describe("what was lost after the final dot is never sent again", () => {
  test.each<[string, SmtpFault, number]>([
    ["it was taken, but the answer was lost", { on: ".", isLost: true, finally: "close" }, 1],
    ["it was not taken, and nothing was answered", { on: ".", answer: "", finally: "close" }, 0],
    ["it was taken, and the answer was cut", { on: ".", cutAfter: 3 }, 1],
    ["the answer says nothing", { on: ".", answer: "354 Go on" }, 0],
    ["the answer is none", { on: ".", answer: "* OK", finally: "close" }, 0],
  ])("%s", async (_, fault, delivered) => {
    const { end, error, owner, messageId } = await outcomeOf({ faults: [fault] });
    expect(end).toEqual({ ...UNKNOWN, delivered });
    expect(error).toContain("look whether it has arrived");
    expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ ok: true });
  });

  test("if it is found in Sent, it was sent", async () => {
    const { end, result } = await outcomeOf({
      faults: [{ on: ".", isLost: true, finally: "close" }],
      profile: { filesSentAfter: 0 },
    });
    expect(end).toEqual(SENT);
    expect(result).toMatchObject({ reply: "Found in the mailbox" });
  });
});

describe("recipients", () => {
  test("who are refused are named, and the others get the mail", async () => {
    const { end, result } = await outcomeOf(
      { faults: [{ on: "RCPT", skip: 1, answer: "550 5.1.1 Nobody" }] },
      { bcc: ["nobody@demo.example"] },
    );
    expect(end).toEqual(SENT);
    expect(result).toMatchObject({
      refused: [{ address: "nobody@demo.example", reply: "550 5.1.1 Nobody" }],
    });
  });
});
