import { describe, expect, it } from "vitest";
import type { Encryption } from "../../src/mailbox/contract.ts";
import { openPop, popLogin } from "../../src/mailbox/pop3/client.ts";
import type { Credentials } from "../../src/mailbox/secrets/credentials.ts";
import { bindings } from "./support/mailbox.ts";
import { createMailbox, type MailServer, ports } from "./support/server.ts";

const passwordOf = ({ address, password }: MailServer): Credentials => ({ username: address, password });

const login = (mailbox: MailServer, credentials = passwordOf(mailbox), encryption: Encryption = "none") =>
  popLogin(bindings, mailbox.server("pop3", encryption), credentials);

const open = (mailbox: MailServer) => openPop(bindings, mailbox.server("pop3"), passwordOf(mailbox));

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => "OK",
    (error) => error.code ?? error,
  );

const commandsOf = async (mailbox: MailServer) =>
  (await mailbox.connections()).flatMap(({ commands }) => commands);

describe("a login that is refused", () => {
  it("for its password is AUTHENTICATION_FAILED, and is tried once", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    expect(await codeOf(login(mailbox, { username: mailbox.address, password: "wrong" }))).toBe(
      "AUTHENTICATION_FAILED",
    );
    expect((await commandsOf(mailbox)).filter((name) => name === "AUTH" || name === "PASS")).toHaveLength(1);
  });

  it("for a token that is no longer good is AUTHENTICATION_FAILED", async () => {
    const mailbox = await createMailbox();
    expect(await codeOf(login(mailbox, { username: mailbox.address, accessToken: "old" }))).toBe(
      "AUTHENTICATION_FAILED",
    );
  });

  it.each([
    ["[IN-USE] The mailbox is open elsewhere", "THROTTLED"],
    ["[LOGIN-DELAY] Wait 5 minutes", "THROTTLED"],
    ["[SYS/TEMP] The disk is full", "THROTTLED"],
    ["Unable to lock the maildrop", "THROTTLED"],
    ["[LIMIT] Too many simultaneous connections", "THROTTLED"],
    ["[SYS/PERM] This account has no mailbox", "CONNECTION_FAILED"],
    ["[AUTH] Wrong, try again", "AUTHENTICATION_FAILED"],
    ["Wrong password", "AUTHENTICATION_FAILED"],
  ])("with -ERR %s is %s, and the words are not shown", async (words, code) => {
    const mailbox = await createMailbox();
    await mailbox.plan({ protocol: "pop3", on: "LOGIN", answer: `-ERR ${words}` });
    const error = await open(mailbox).catch((each) => each);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(words);
  });

  it("for a password with a line break sends nothing of it", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true, profile: { lacks: ["SASL PLAIN XOAUTH2"] } });
    const password = "a\r\nDELE 1";
    expect(await codeOf(login(mailbox, { username: mailbox.address, password }))).toBe(
      "AUTHENTICATION_FAILED",
    );
    expect(await commandsOf(mailbox)).not.toContain("PASS");
  });
});

describe("a server", () => {
  it("of another protocol is PROTOCOL_MISMATCH, and its words are not shown", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "CONNECT", answer: "* OK IMAP4rev1 secret-banner", times: 0 });
    const error = await login(mailbox).catch((each) => each);
    expect(error.code).toBe("PROTOCOL_MISMATCH");
    expect(error.message).not.toContain("banner");
  });

  it.each([
    ["-ERR [SYS/TEMP] busy", "THROTTLED"],
    ["-ERR go away", "PROTOCOL_MISMATCH"],
  ])("that greets with %s is %s", async (answer, code) => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "CONNECT", answer });
    expect(await codeOf(login(mailbox))).toBe(code);
  });

  it("that sends a line without an end is PROTOCOL_MISMATCH", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "CONNECT", answer: `+OK ${"x".repeat(200_000)}` });
    expect(await codeOf(login(mailbox))).toBe("PROTOCOL_MISMATCH");
  });

  it("whose certificate is of an unknown issuer or another name is TLS_UNTRUSTED", async () => {
    const credentials = { username: "a", password: "b" };
    for (const kind of ["untrusted", "wrongName"] as const) {
      const server = { hostname: "localhost", port: ports[kind].pop3s, encryption: "tls" } as const;
      expect(await codeOf(popLogin(bindings, server, credentials))).toBe("TLS_UNTRUSTED");
    }
  });

  it("that does not offer TLS, where it is asked for, gets no password", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "STLS", answer: "-ERR no" });
    expect(await codeOf(login(mailbox, undefined, "starttls"))).toBe("PROTOCOL_MISMATCH");
    expect(await commandsOf(mailbox)).not.toContain("AUTH");
  });

  it("that sends lines behind its consent to TLS is PROTOCOL_MISMATCH", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "STLS", answer: "+OK\r\n+OK injected", finally: "hang" });
    expect(await codeOf(login(mailbox, undefined, "starttls"))).toBe("PROTOCOL_MISMATCH");
  });
});

describe("a login that is right", () => {
  it.each(["none", "starttls", "tls"] as const)("works with encryption %s", async (encryption) => {
    const mailbox = await createMailbox();
    const { capabilities } = await login(mailbox, passwordOf(mailbox), encryption);
    expect(capabilities).toEqual(expect.arrayContaining(["TOP", "UIDL"]));
    expect(await mailbox.connections()).toMatchObject([{ isOpen: false, isSecure: encryption !== "none" }]);
  });

  it("works with a token, also with one that is longer than a command may be", async () => {
    const mailbox = await createMailbox();
    const tokens = ["short", "long".repeat(500)];
    await mailbox.setAccess({ accessTokens: tokens });
    for (const accessToken of tokens) await login(mailbox, { username: mailbox.address, accessToken });
  });

  it("works with a password of any letters, with and without SASL", async () => {
    for (const lacks of [[], ["SASL PLAIN XOAUTH2"]]) {
      const mailbox = await createMailbox({ password: "Пароль с пробелами é", profile: { lacks } });
      await login(mailbox);
    }
  });

  it("works while another session has the mailbox open, if its password is right", async () => {
    const mailbox = await createMailbox();
    const other = await open(mailbox);
    expect(await login(mailbox)).toEqual({ capabilities: expect.arrayContaining(["UIDL"]) });
    expect(await codeOf(login(mailbox, { username: mailbox.address, password: "wrong" }))).toBe(
      "AUTHENTICATION_FAILED",
    );
    expect(await codeOf(open(mailbox))).toBe("THROTTLED");
    await other.quit();
    expect(await codeOf(open(mailbox))).toBe("OK");
  });

  it("works on a server that knows no CAPA", async () => {
    const mailbox = await createMailbox({ hasOwnPorts: true });
    await mailbox.plan({ protocol: "pop3", on: "CAPA", answer: "-ERR what?", times: 0 });
    expect(await login(mailbox)).toEqual({ capabilities: [] });
    expect(await commandsOf(mailbox)).toContain("PASS");
  });
});

describe("mails", () => {
  const MAIL = "Subject: dots\r\n\r\n.\r\n..\r\n.one\r\n\r\nend\r\n";

  it.each([1, 2, 3, 7, null])("are the same bytes in packets of %s bytes", async (packetSize) => {
    const mailbox = await createMailbox({ profile: { packetSize } });
    const [uid] = await mailbox.deliver([MAIL, "Subject: two\r\n\r\n"]);
    const client = await open(mailbox);
    expect([...(await client.sizes())]).toEqual([
      [1, MAIL.length],
      [2, 16],
    ]);
    expect((await client.ids())?.size).toBe(2);
    const mail = await client.mail(1, MAIL.length, 1000);
    expect(mail).toEqual({ bytes: await mailbox.raw(uid!), isWhole: true });
    expect(new TextDecoder().decode((await client.header(1, 1000))?.bytes)).toBe("Subject: dots\r\n\r\n");
    expect(await client.mail(3, 0, 1000)).toBeUndefined();
    await client.quit();
  });

  it("are read whole if the server told a wrong size, and cut at the limit, which ends the connection", async () => {
    const mailbox = await createMailbox();
    const raw = `Subject: long\r\n\r\n${"0123456789\r\n".repeat(5000)}`;
    await mailbox.deliver(raw);
    const client = await open(mailbox);
    expect((await client.mail(1, 10, 100_000))?.bytes.length).toBe(raw.length);
    const cut = await client.mail(1, 10, 20_000);
    expect(cut?.isWhole).toBe(false);
    expect(cut?.bytes).toEqual(new TextEncoder().encode(raw.slice(0, 20_000)));
    expect(client.isOpen).toBe(false);
    await client.quit();
  });

  it("that are cut off midway are CONNECTION_FAILED", async () => {
    const mailbox = await createMailbox();
    await mailbox.deliver(MAIL);
    const client = await open(mailbox);
    await mailbox.plan({ protocol: "pop3", on: "RETR", cutAfter: 30 });
    expect(await codeOf(client.mail(1, 10, 1000))).toBe("CONNECTION_FAILED");
    await client.quit();
  });

  it.each(["UIDL", "LIST"])("whose %s fails on a server that has it are no empty list", async (on) => {
    const mailbox = await createMailbox();
    await mailbox.deliver(MAIL);
    const client = await open(mailbox);
    await mailbox.plan({ protocol: "pop3", on, answer: "-ERR internal error" });
    expect(await codeOf(on === "UIDL" ? client.ids() : client.sizes())).toBe("CONNECTION_FAILED");
    await client.quit();
  });

  it("have no ids on a server without UIDL", async () => {
    const mailbox = await createMailbox({ profile: { lacks: ["UIDL"] } });
    const client = await open(mailbox);
    expect(await client.ids()).toBeUndefined();
    await client.quit();
  });

  it("of a list that is none are PROTOCOL_MISMATCH", async () => {
    const mailbox = await createMailbox();
    const client = await open(mailbox);
    await mailbox.plan({ protocol: "pop3", on: "LIST", answer: "+OK\r\nrubbish\r\n." });
    expect(await codeOf(client.sizes())).toBe("PROTOCOL_MISMATCH");
    await client.quit();
  });
});
