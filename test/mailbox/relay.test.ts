import { describe, expect, test } from "vitest";
import type { MailboxApi, Outcome, ReadyMail, RelayServer } from "../../src/mailbox/contract.ts";
import { toRefusal } from "../../src/mailbox/errors.ts";
import { relay } from "../../src/mailbox/sending/relay.ts";
import { bindings } from "./support/mailbox.ts";
import { copiesIn } from "./support/sending.ts";
import { createMailbox, type Fault, type MailServer, ports } from "./support/server.ts";

const object = () =>
  bindings.MAILBOX.getByName("hub") as unknown as Omit<MailboxApi, keyof Rpc.DurableObjectBranded>;

const serverOf = (server: MailServer, changes: Partial<RelayServer> = {}): RelayServer => ({
  ...{ ...server.server("smtp", "starttls"), username: server.address, password: server.password },
  ...changes,
});

const mailTo = (to: string, changes: Partial<ReadyMail> = {}): ReadyMail => ({
  from: "no-reply@hub.example",
  to,
  raw: "From: <no-reply@hub.example>\r\nMessage-ID: <1@hub.example>\r\nSubject: Code\r\n\r\n.04217\r\n",
  ...changes,
});

/** Relays a mail from a server with faults. @returns what was answered, and how many copies arrived */
async function relayed(faults: Omit<Fault, "protocol">[], changes: Partial<RelayServer> = {}) {
  const [server, friend] = [await createMailbox({ hasOwnPorts: true }), await createMailbox()];
  for (const fault of faults) await server.plan({ protocol: "smtp", ...fault });
  const outcome = await object().relay(serverOf(server, changes), mailTo(friend.address));
  return { outcome, copies: await copiesIn(friend), server, friend };
}

const told = (outcome: Outcome<object>) => (outcome.ok ? "sent" : `${outcome.code} ${outcome.reply ?? "-"}`);

describe("a mail that is not sent", () => {
  test.each<[string, Omit<Fault, "protocol">]>([
    ["PROTOCOL_MISMATCH -", { on: "CONNECT", answer: "554 5.3.2 Not today" }],
    ["THROTTLED -", { on: "CONNECT", answer: "421 4.3.2 Not now" }],
    ["CONNECTION_FAILED -", { on: "CONNECT", answer: "", finally: "close" }],
    ["PROTOCOL_MISMATCH 502 5.5.1", { on: "STARTTLS", answer: "502 5.5.1 Unknown command" }],
    ["THROTTLED 454 4.7.0", { on: "STARTTLS", answer: "454 4.7.0 No TLS now" }],
    ["AUTHENTICATION_FAILED 535 5.7.8", { on: "LOGIN", answer: "535 5.7.8 Wrong" }],
    ["THROTTLED -", { on: "LOGIN", answer: "454 4.7.0 Cannot check" }],
    ["SEND_REFUSED 553 5.7.1", { on: "MAIL", answer: "553 5.7.1 Not your address" }],
    ["THROTTLED 455", { on: "MAIL", answer: "455 Later" }],
    ["CONNECTION_FAILED -", { on: "MAIL", answer: "", finally: "close" }],
    ["SEND_REFUSED 550 5.1.1", { on: "RCPT", answer: "550 5.1.1 <friend@mail.test>: no such user" }],
    ["THROTTLED 450 4.2.0", { on: "RCPT", answer: "450 4.2.0 Greylisted" }],
    ["THROTTLED 421", { on: "RCPT", answer: "421 Bye", finally: "close" }],
    ["SEND_REFUSED 554 5.0.0", { on: "DATA", answer: "554 5.0.0 No" }],
    ["CONNECTION_FAILED -", { on: "DATA", answer: "", finally: "close" }],
    ["SEND_REFUSED 554 5.7.1", { on: ".", answer: "554 5.7.1 Spam" }],
    ["THROTTLED 451 4.3.0", { on: ".", answer: "451 4.3.0 Disk full" }],
  ])("%s: %o", async (expected, fault) => {
    const { outcome, copies } = await relayed([fault]);
    expect([told(outcome), copies]).toEqual([expected, 0]);
  });

  test("a certificate that is not trusted, or of another name", async () => {
    for (const kind of ["untrusted", "wrongName"] as const) {
      for (const [encryption, port] of [
        ["starttls", ports[kind].smtp],
        ["tls", ports[kind].smtps],
      ] as const) {
        const { outcome, copies } = await relayed([], { encryption, port });
        expect([told(outcome), copies]).toEqual(["TLS_UNTRUSTED -", 0]);
      }
    }
  });

  test.each(["127.0.0.1", "169.254.169.254", "mail.internal", "LOCALHOST.internal"])(
    "the host %s looks like one that is not there",
    async (hostname) => {
      const { outcome } = await relayed([], { hostname });
      expect(told(outcome)).toBe("CONNECTION_FAILED -");
    },
  );

  test("an address with a line break, or an end of an address", async () => {
    const server = await createMailbox();
    for (const address of ["a@hub.example\r\nRSET", "a@hub.example>", ""]) {
      const [to, from] = [mailTo(address), mailTo(server.address, { from: address })];
      for (const mail of [to, from])
        expect(told(await object().relay(serverOf(server), mail))).toBe("INVALID -");
    }
    expect((await server.connections()).flatMap(({ commands }) => commands)).not.toContain("RSET");
  });
});

describe("a mail of which nobody knows whether it was sent", () => {
  test.each<[string, Omit<Fault, "protocol">, number]>([
    ["cut before the answer, not taken", { on: ".", answer: "", finally: "close" }, 0],
    ["cut before the answer, taken", { on: ".", isLost: true, finally: "close" }, 1],
    ["cut within the answer, taken", { on: ".", cutAfter: 3 }, 1],
    ["an answer that is none", { on: ".", answer: "What?" }, 0],
  ])("%s", async (_, fault, arrived) => {
    const { outcome, copies } = await relayed([fault]);
    expect([told(outcome), copies]).toEqual(["SEND_UNKNOWN -", arrived]);
  });

  test("a server that says nothing after the final dot", async () => {
    const [server, friend] = [await createMailbox({ hasOwnPorts: true }), await createMailbox()];
    await server.plan({ protocol: "smtp", on: ".", isLost: true, finally: "hang" });
    const patience = { untilDot: 60_000, dot: 500 };
    const late = relay(bindings, serverOf(server), mailTo(friend.address), patience);
    expect(await late.catch(toRefusal)).toMatchObject({ code: "SEND_UNKNOWN" });
  });
});

test("a server that is slow until the final dot gets no mail, also not after the deadline", async () => {
  const [server, friend] = [await createMailbox({ hasOwnPorts: true }), await createMailbox()];
  await server.plan({ protocol: "smtp", on: "DATA", delayMs: 1500 });
  const late = relay(bindings, serverOf(server), mailTo(friend.address), { untilDot: 400, dot: 400 });
  expect(await late.catch(toRefusal)).toMatchObject({ code: "CONNECTION_FAILED" });
  await expect
    .poll(async () => (await server.connections()).map(({ isOpen, commands }) => [isOpen, commands.at(-1)]))
    .toEqual([[false, "DATA"]]);
  expect(await copiesIn(friend)).toBe(0);
});

describe("a mail that is sent", () => {
  test("by STARTTLS and by TLS, encrypted before the login, byte for byte", async () => {
    for (const encryption of ["starttls", "tls"] as const) {
      const [server, friend] = [await createMailbox({ hasOwnPorts: true }), await createMailbox()];
      const mail = mailTo(friend.address);
      const given = serverOf(server, { ...server.server("smtp", encryption), hostname: "LOCALHOST" });
      expect(told(await object().relay(given, mail))).toBe("sent");
      const [arrived] = (await friend.folder()).mails;
      expect(new TextDecoder().decode(await friend.raw(arrived!.uid))).toContain(mail.raw);
      const [connection] = await server.connections();
      expect(connection).toMatchObject({ isSecure: true });
      expect(connection!.commands).toContain(`MAIL FROM:<no-reply@hub.example> SIZE=${mail.raw.length}`);
    }
  });

  test("though the server is lost after its answer", async () => {
    const { outcome, copies } = await relayed([{ on: "QUIT", answer: "", finally: "close" }]);
    expect([told(outcome), copies]).toEqual(["sent", 1]);
  });

  test("with others at the same time, each once", async () => {
    const server = await createMailbox();
    const friends = await Promise.all(Array.from({ length: 10 }, () => createMailbox()));
    const outcomes = await Promise.all(
      friends.map(({ address }) => object().relay(serverOf(server), mailTo(address))),
    );
    expect(outcomes.map(told)).toEqual(friends.map(() => "sent"));
    for (const friend of friends) expect(await copiesIn(friend)).toBe(1);
  });
});
