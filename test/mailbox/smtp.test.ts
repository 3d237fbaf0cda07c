import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Server } from "../../src/mailbox/contract.ts";
import { deliver, type Receipt, type SmtpMail } from "../../src/mailbox/smtp/dialogue.ts";
import { smtpLogin } from "../../src/mailbox/smtp/login.ts";
import { dotStuffed } from "../../src/mailbox/smtp/stuffing.ts";
import { copiesIn } from "./support/sending.ts";
import { createMailbox, type Fault, type MailServer, type Profile } from "./support/server.ts";

const text = (chunk: string) => new TextEncoder().encode(chunk);

async function* chunksOf(chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

const mailOf = (to: string[], changes: Partial<SmtpMail> = {}): SmtpMail => ({
  from: "sardor@demo.example",
  to,
  size: 20,
  needsUtf8: false,
  open: () => chunksOf([text("Subject: x\r\n\r\nHello\r\n")]),
  ...changes,
});

const serverWith = async (faults: Omit<Fault, "protocol">[], profile: Profile = {}): Promise<MailServer> => {
  const server = await createMailbox({ hasOwnPorts: true, profile });
  for (const fault of faults) await server.plan({ protocol: "smtp", ...fault });
  return server;
};

const login = (server: MailServer, encryption: Server["encryption"] = "none") =>
  smtpLogin(server.server("smtp", encryption), { username: server.address, password: server.password });

/** Delivers a mail. @returns what the witness was told */
async function deliverOn(server: MailServer, mail: SmtpMail, dotMs?: number) {
  const told: (string | Receipt)[] = [];
  const credentials = { username: server.address, password: server.password };
  const witness = {
    beforeDot: async () => void told.push("dot"),
    accepted: (receipt: Receipt) => void told.push(receipt),
  };
  const failure = await deliver(server.server("smtp"), credentials, mail, witness, dotMs).then(
    () => null,
    (error) => error.code,
  );
  return { told, failure };
}

describe("what is no SMTP server, or a hostile one", () => {
  test.each<[string, Omit<Fault, "protocol">]>([
    ["another protocol", { on: "CONNECT", answer: "SSH-2.0-internal-secret" }],
    ["an HTTP server", { on: "CONNECT", answer: "HTTP/1.1 400 internal-secret" }],
    ["a line of 70,000 bytes", { on: "CONNECT", before: [`220-internal-secret${"x".repeat(70_000)}`] }],
    ["a reply without an end", { on: "EHLO", before: Array(200).fill("250-internal-secret") }],
    ["a refusal in place of a greeting", { on: "CONNECT", answer: "554 internal-secret" }],
  ])("%s: nothing of its words is passed on", async (_, fault) => {
    const error = await login(await serverWith([fault])).catch((error) => error);
    expect(error).toMatchObject({ code: "PROTOCOL_MISMATCH" });
    expect(String(error)).not.toContain("secret");
  });

  test("a password that it repeats is not passed on, in whatever form", async () => {
    for (const form of ["correct-horse", btoa("correct-horse"), "correct-\r\n535 horse"]) {
      const answer = form.includes("\r\n") ? `535-${form}` : `535 5.7.8 Not ${form}`;
      const error = await login(await serverWith([{ on: "LOGIN", answer }])).catch((error) => error);
      expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED" });
      expect(String(error)).not.toMatch(/horse|Y29y/);
    }
  });

  test("a connection that is cut at any byte of the dialogue ends it", async () => {
    const server = await serverWith([]);
    for (const [on, length] of [
      ["CONNECT", 34],
      ["EHLO", 130],
      ["LOGIN", 38],
      ["MAIL", 14],
      ["RCPT", 14],
      ["DATA", 36],
    ] as const) {
      for (let cutAfter = 1; cutAfter < length; cutAfter += 1) {
        await server.plan({ protocol: "smtp", on, cutAfter });
        const { told, failure } = await deliverOn(server, mailOf(["nobody@demo.example"]));
        expect([on, cutAfter, told, failure]).toEqual([
          on,
          cutAfter,
          [],
          expect.stringMatching(/CONNECTION_FAILED|PROTOCOL_MISMATCH/),
        ]);
      }
    }
  });

  test("silence after the final dot has a limit, and is no answer", async () => {
    const friend = await createMailbox();
    const server = await serverWith([{ on: ".", answer: "", finally: "hang" }]);
    const { told, failure } = await deliverOn(server, mailOf([friend.address]), 1000);
    expect([told, failure]).toEqual([["dot"], "CONNECTION_FAILED"]);
  });

  test("so has a server that answers a byte now and then", async () => {
    const server = await serverWith([{ on: ".", answer: "250-x", after: ["250-y"], finally: "hang" }]);
    const { told, failure } = await deliverOn(server, mailOf(["nobody@demo.example"]), 1000);
    expect([told, failure]).toEqual([["dot"], "CONNECTION_FAILED"]);
  });
});

describe("TLS", () => {
  test("from the start, and by STARTTLS", async () => {
    const server = await serverWith([]);
    for (const encryption of ["tls", "starttls"] as const) {
      expect((await login(server, encryption)).capabilities).toContain("SIZE");
    }
    const connections = (await server.connections()).filter(({ protocol }) => protocol === "smtp");
    expect(connections.map(({ isSecure }) => isSecure)).toEqual([true, true]);
  });

  test.each<[string, Omit<Fault, "protocol">[]]>([
    ["is not offered", [{ on: "STARTTLS", answer: "502 5.5.1 Unknown command" }]],
    ["comes with lines of an attacker", [{ on: "STARTTLS", answer: "220 Go\r\n250-AUTH PLAIN\r\n250 x" }]],
  ])("that %s is refused, without a login", async (_, faults) => {
    const server = await serverWith(faults);
    await expect(login(server, "starttls")).rejects.toMatchObject({ code: "PROTOCOL_MISMATCH" });
    expect((await server.connections()).flatMap(({ commands }) => commands)).not.toContain("AUTH");
  });
});

describe("what servers offer", () => {
  test("LOGIN alone, and HELO alone", async () => {
    await login(await serverWith([{ on: "EHLO", answer: "250-localhost\r\n250 AUTH LOGIN" }]));
    await login(await serverWith([{ on: "EHLO", answer: "250-localhost\r\n250 AUTH=LOGIN PLAIN" }]));
    await login(await serverWith([{ on: "EHLO", answer: "502 5.5.1 Unknown command" }]));
  });

  test("XOAUTH2, whose refusal is a challenge", async () => {
    const server = await serverWith([]);
    await server.setAccess({ accessTokens: ["right"] });
    const by = (accessToken: string) =>
      smtpLogin(server.server("smtp"), { username: server.address, accessToken });
    await by("right");
    await expect(by("wrong")).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
  });

  test("no SMTPUTF8: an address of other letters is refused before the mail", async () => {
    const server = await serverWith([], { lacks: ["SMTPUTF8"] });
    const { told, failure } = await deliverOn(server, mailOf(["азиза@demo.example"], { needsUtf8: true }));
    expect([told, failure]).toEqual([[], "SEND_REFUSED"]);
  });

  test("packets of one byte", async () => {
    const friend = await createMailbox();
    const { failure } = await deliverOn(await serverWith([], { packetSize: 1 }), mailOf([friend.address]));
    expect([failure, await copiesIn(friend)]).toEqual([null, 1]);
  });
});

test("a mail that breaks off is not sent", async () => {
  const friend = await createMailbox();
  async function* broken() {
    yield text("Subject: x\r\n\r\nHello\r\n");
    throw new Error("gone");
  }
  const { told } = await deliverOn(await serverWith([]), mailOf([friend.address], { open: broken }));
  expect([told, await copiesIn(friend)]).toEqual([[], 0]);
});

test("any mail arrives as it is, wherever its pieces end, with a line break at its end", async () => {
  const piece = fc
    .array(fc.constantFrom(".", "\r\n", "x", "\r\n.\r\n", "..", "\n."), { maxLength: 12 })
    .map((each) => each.join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      let wire = "";
      for await (const chunk of dotStuffed(chunksOf(pieces.map(text))))
        wire += new TextDecoder().decode(chunk);
      const whole = pieces.join("");
      expect(wire).not.toMatch(/(^|\n)\.\r\n/);
      expect(wire).toMatch(/^$|\n$/);
      expect(wire.replace(/(^|\n)\./g, "$1")).toBe(
        whole === "" || whole.endsWith("\n") ? whole : `${whole}\r\n`,
      );
    }),
  );
});
