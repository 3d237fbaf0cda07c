import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type MailServers, startMailServers } from "../../../dev/mail/servers.ts";
import { type Fault, faultSchema } from "../../../dev/mail/world/faults.ts";
import type { Mailbox } from "../../../dev/mail/world/mailbox.ts";
import { waitFor } from "../../support/wait.ts";
import { imapflow, imapLine, Line, mailOf, newMailbox, PASSWORD, runMailServers } from "./running.ts";

// What tests can make the servers do wrong.

const running = runMailServers();

const plan = (mailbox: Mailbox, fault: Partial<Fault> & Pick<Fault, "on">) =>
  mailbox.faults.plan(faultSchema.parse({ protocol: "imap", ...fault }));

/** Servers for this mailbox alone. */
async function ownServers(mailbox: Mailbox): Promise<MailServers & AsyncDisposable> {
  const { world, certificates } = running;
  const servers = await startMailServers({ world, certificate: certificates.trusted, isBackground: true });
  servers.mailbox = mailbox;
  return Object.assign(servers, { [Symbol.asyncDispose]: servers.close });
}

describe("before anybody has signed in", () => {
  test("the greeting is of another protocol, or a goodbye, once", async () => {
    const mailbox = newMailbox(running);
    await using servers = await ownServers(mailbox);
    plan(mailbox, { on: "CONNECT", answer: "SSH-2.0-OpenSSH_9.2" });
    plan(mailbox, { on: "CONNECT", answer: "* BYE Too many connections", finally: "close" });
    using first = new Line(servers.ports.imap);
    expect(await first.read(/\r\n$/)).toBe("SSH-2.0-OpenSSH_9.2\r\n");
    using second = new Line(servers.ports.imap);
    expect(await second.rest()).toBe("* BYE Too many connections\r\n");
    using third = new Line(servers.ports.imap);
    expect(await third.read(/\r\n$/)).toMatch(/^\* OK /);
  });

  test("the server says nothing", async () => {
    const mailbox = newMailbox(running);
    await using servers = await ownServers(mailbox);
    plan(mailbox, { on: "CONNECT", answer: "", finally: "hang" });
    using line = new Line(servers.ports.imap);
    const answer = line.read(/\r\n$/);
    expect(await Promise.race([answer, sleep(200, "silent")])).toBe("silent");
    expect(mailbox.connections).toMatchObject([{ isOpen: true }]);
  });

  test("another mailbox's ports are as always", async () => {
    const mailbox = newMailbox(running);
    plan(mailbox, { on: "CONNECT", answer: "" });
    using line = new Line(running.servers.ports.imap);
    expect(await line.read(/\r\n$/)).toMatch(/^\* OK /);
  });
});

test("signing in is throttled once, in whatever way it is tried", async () => {
  const mailbox = newMailbox(running);
  plan(mailbox, {
    on: "LOGIN",
    answer: "NO [UNAVAILABLE] Account is throttled. Suggested Backoff Time: 300000",
  });
  await expect(imapflow(running, mailbox)).rejects.toMatchObject({ serverResponseCode: "UNAVAILABLE" });
  await using client = await imapflow(running, mailbox);
  expect(client.usable).toBe(true);
});

test("a session can be cut after each of its bytes, and is the same up to there", async () => {
  const mailbox = newMailbox(running, {}, [mailOf("one")]);
  const session = async (cut: number | null) => {
    using line = await imapLine(running, mailbox);
    await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
    if (cut !== null) plan(mailbox, { on: "UID FETCH", cutAfter: cut });
    return await line.ask("c UID FETCH 1 (FLAGS ENVELOPE)\r\n", /^c .*\r\n$/m);
  };
  const whole = await session(null);
  expect(whole.length).toBeGreaterThan(100);
  for (let cut = 0; cut < whole.length; cut++) expect(await session(cut)).toBe(whole.slice(0, cut));
});

test("packets are split at each byte", async () => {
  const mailbox = newMailbox(running, { packetSize: 1 }, [mailOf("one")]);
  await using client = await imapflow(running, mailbox, { disableCompression: true });
  await client.mailboxOpen("INBOX");
  const found = await client.fetchOne("1", { source: true });
  expect(found && String(found.source)).toBe(mailOf("one"));
});

test.each([
  ["EXISTS is a lie", { on: "NOOP", before: ["* 99 EXISTS"] }, /^\* 99 EXISTS\r\nb OK/],
  ["what is there has VANISHED", { on: "NOOP", before: ["* VANISHED 1"] }, /^\* VANISHED 1\r\nb OK/],
  ["a line follows the answer", { on: "NOOP", after: ["* BYE"], finally: "close" }, /^b OK.*\r\n\* BYE\r\n$/],
  ["the server is gone without an answer", { on: "NOOP", answer: "", finally: "close" }, /^$/],
  ["the answer is NO", { on: "NOOP", answer: "NO [INUSE] Later" }, /^b NO \[INUSE\] Later\r\n$/],
  ["the answer takes its time", { on: "NOOP", delayMs: 50 }, /^b OK/],
] as const)("%s", async (_, fault, expected) => {
  const mailbox = newMailbox(running, {}, [mailOf("one")]);
  using line = await imapLine(running, mailbox);
  plan(mailbox, {
    ...fault,
    before: [...("before" in fault ? fault.before : [])],
    after: [...("after" in fault ? fault.after : [])],
  });
  expect(await line.ask("b NOOP\r\n", /^b .*\r\n$|\* BYE\r\n$/m)).toMatch(expected);
});

test("FETCH leaves out what was asked for, the second and third time", async () => {
  const mailbox = newMailbox(running, {}, [mailOf("one")]);
  plan(mailbox, { on: "UID FETCH", skip: 1, times: 2, omit: ["ENVELOPE"] });
  using line = await imapLine(running, mailbox);
  await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
  const answers: boolean[] = [];
  for (let nth = 0; nth < 4; nth++) {
    const answer = await line.ask("c UID FETCH 1 (FLAGS ENVELOPE)\r\n", /^c .*\r\n$/m);
    expect(answer).toContain("FLAGS ()");
    answers.push(answer.includes("ENVELOPE"));
  }
  expect(answers).toEqual([true, false, false, true]);
});

test("ENVELOPE is malformed, and the next one is not", async () => {
  const mailbox = newMailbox(running, {}, [mailOf("one")]);
  plan(mailbox, { on: "UID FETCH", replace: [{ pattern: "ENVELOPE \\(.*?\\)\\)", by: "ENVELOPE (NIL)" }] });
  using line = await imapLine(running, mailbox);
  await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
  const ask = () => line.ask("c UID FETCH 1 (UID ENVELOPE)\r\n", /^c .*\r\n$/m);
  expect(await ask()).toContain("ENVELOPE (NIL)");
  expect(await ask()).toContain('ENVELOPE (NIL "one"');
});

test("a flood of lines ends with the client", async () => {
  const mailbox = newMailbox(running);
  plan(mailbox, { on: "NOOP", finally: "flood" });
  {
    using line = await imapLine(running, mailbox);
    expect((await line.ask("b NOOP\r\n", /(?:[^\n]*\n){2000}/)).length).toBeGreaterThan(20_000);
  }
  await waitFor(() => expect(mailbox.connections).toMatchObject([{ isOpen: false }]));
});

test("APPEND is done, but its answer is lost", async () => {
  const mailbox = newMailbox(running);
  plan(mailbox, { on: "APPEND", isLost: true, finally: "close" });
  await using client = await imapflow(running, mailbox);
  await expect(client.append("INBOX", mailOf("one"))).rejects.toThrow();
  expect(mailbox.inbox.mails).toHaveLength(1);
});

test("STARTTLS is missing, or comes with lines that an attacker has put there", async () => {
  const mailbox = newMailbox(running, { lacks: ["STARTTLS"] });
  await using servers = await ownServers(mailbox);
  using line = new Line(servers.ports.imap);
  expect(await line.read(/\r\n$/)).not.toContain("STARTTLS");
  plan(mailbox, { on: "STARTTLS", answer: "OK Begin", after: ["* OK injected"] });
  expect(await line.ask("b STARTTLS\r\n", /injected\r\n$/)).toBe("b OK Begin\r\n* OK injected\r\n");
});

test("what a client sends in clear after STARTTLS is not taken for a command", async () => {
  const mailbox = newMailbox(running);
  using line = new Line(running.servers.ports.imap);
  await line.read(/\r\n$/);
  await line.ask(`a STARTTLS\r\nb LOGIN ${mailbox.address} ${PASSWORD}\r\n`, /^a OK .*\r\n$/m);
  await sleep(50);
  expect(mailbox.connections).toEqual([]);
});

describe("SMTP", () => {
  const session = async (mailbox: Mailbox) => {
    const line = new Line(running.servers.ports.smtp);
    await line.read(/\r\n$/);
    const plain = Buffer.from(`\0${mailbox.address}\0${PASSWORD}`).toString("base64");
    expect(await line.ask(`AUTH PLAIN ${plain}\r\n`, /\r\n$/)).toMatch(/^235/);
    return line;
  };

  test("refuses one recipient, and loses the connection after the final dot", async () => {
    const [sender, other] = [newMailbox(running), newMailbox(running)];
    plan(sender, { protocol: "smtp", on: "RCPT", answer: "550 5.1.1 No such user" });
    plan(sender, { protocol: "smtp", on: ".", isLost: true, finally: "close" });
    using line = await session(sender);
    await line.ask(`MAIL FROM:<${sender.address}>\r\n`, /\r\n$/);
    expect(await line.ask("RCPT TO:<nobody@mail.test>\r\n", /\r\n$/)).toMatch(/^550/);
    expect(await line.ask(`RCPT TO:<${other.address}>\r\n`, /\r\n$/)).toMatch(/^250/);
    expect(await line.ask("DATA\r\n", /\r\n$/)).toMatch(/^354/);
    expect(await line.ask(`${mailOf("one")}.\r\n`, /\r\n$/)).toBe("");
    expect(other.inbox.mails).toHaveLength(1);
  });

  test("dies before it answers DATA", async () => {
    const sender = newMailbox(running);
    plan(sender, { protocol: "smtp", on: "DATA", answer: "", finally: "close" });
    using line = await session(sender);
    await line.ask(`MAIL FROM:<a@mail.test>\r\nRCPT TO:<${sender.address}>\r\n`, /250.*\r\n250.*\r\n$/);
    expect(await line.ask("DATA\r\n", /\r\n$/)).toBe("");
    expect(sender.inbox.mails).toEqual([]);
  });
});

describe("POP3", () => {
  test("the mailbox is locked while another client has it, and free afterwards", async () => {
    const mailbox = newMailbox(running);
    const signIn = async () => {
      const line = new Line(running.servers.ports.pop3);
      await line.read(/\r\n$/);
      await line.ask(`USER ${mailbox.address}\r\n`, /\r\n$/);
      return { line, answer: await line.ask(`PASS ${PASSWORD}\r\n`, /\r\n$/) };
    };
    const first = await signIn();
    expect(first.answer).toMatch(/^\+OK/);
    const second = await signIn();
    expect(second.answer).toMatch(/^-ERR \[IN-USE\]/);
    await first.line.ask("QUIT\r\n", /\r\n$/);
    const third = await signIn();
    expect(third.answer).toMatch(/^\+OK/);
    for (const { line } of [first, second, third]) line[Symbol.dispose]();
  });

  test("lines with dots are doubled, UIDL can be missing, and RETR can be cut", async () => {
    const mailbox = newMailbox(running, { lacks: ["UIDL"] }, [
      "Subject: dots\r\n\r\n.one\r\n..two\r\n.\r\nend",
    ]);
    plan(mailbox, { protocol: "pop3", on: "RETR", skip: 1, cutAfter: 30 });
    using line = new Line(running.servers.ports.pop3);
    await line.read(/\r\n$/);
    await line.ask(`USER ${mailbox.address}\r\n`, /\r\n$/);
    await line.ask(`PASS ${PASSWORD}\r\n`, /\r\n$/);
    expect(await line.ask("CAPA\r\n", /\r\n\.\r\n$/)).not.toContain("UIDL");
    expect(await line.ask("UIDL\r\n", /\r\n$/)).toMatch(/^-ERR/);
    const whole = await line.ask("RETR 1\r\n", /\r\n\.\r\n$/);
    expect(whole).toMatch(/\r\n\r\n\.\.one\r\n\.\.\.two\r\n\.\.\r\nend\r\n\.\r\n$/);
    expect(await line.ask("RETR 1\r\n", /\r\n\.\r\n$/)).toBe(whole.slice(0, 30));
  });
});
