import { runDurableObjectAlarm } from "cloudflare:test";
// Loaded at the first connection, which is slow here: it would count against the first test's 15 seconds.
import "imapflow";
import { describe, expect, test } from "vitest";
import type { MailboxSettings } from "../../src/mailbox/contract.ts";
import { accountOf } from "../../src/mailbox/store/account.ts";
import { oauth } from "./support/internet.ts";
import { mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type MailServer, ports } from "./support/server.ts";

const check = (server: MailServer, changes: Partial<MailboxSettings> = {}, password = server.password) => {
  const owner = newOwner();
  return mailboxOf(owner).check(owner, server.settings(changes), { password });
};

describe("a login is refused with a code", () => {
  test("AUTHENTICATION_FAILED for a wrong password, and neither it nor the right one is in the answer", async () => {
    const server = await createMailbox({ password: "right-horse" });
    const outcome = await check(server, {}, "wrong-horse");
    expect(outcome).toMatchObject({ ok: false, code: "AUTHENTICATION_FAILED" });
    expect(JSON.stringify(outcome)).not.toMatch(/horse/);
  });

  test("AUTHENTICATION_FAILED of the SMTP server, though the incoming server lets in", async () => {
    const server = await createMailbox();
    const owner = newOwner();
    const secrets = { password: server.password, smtpPassword: "wrong" };
    const outcome = await mailboxOf(owner).check(owner, server.settings(), secrets);
    expect(outcome).toMatchObject({ ok: false, code: "AUTHENTICATION_FAILED" });
    expect((await server.connections()).map(({ protocol }) => protocol)).toEqual(["imap"]);
  });

  test.each(["untrusted", "wrongName"] as const)(
    "TLS_UNTRUSTED for a certificate that is %s",
    async (kind) => {
      const server = await createMailbox();
      for (const [port, encryption] of [
        [ports[kind].imaps, "tls"],
        [ports[kind].imap, "starttls"],
      ] as const) {
        const incoming = { hostname: "localhost", port, encryption, username: server.address };
        expect(await check(server, { incoming })).toMatchObject({ ok: false, code: "TLS_UNTRUSTED" });
      }
      const smtp = { hostname: "localhost", port: ports[kind].smtps, encryption: "tls" as const };
      expect(await check(server, { smtp })).toMatchObject({ ok: false, code: "TLS_UNTRUSTED" });
    },
  );

  test("PROTOCOL_MISMATCH for a server of another protocol, without its words", async () => {
    const server = await createMailbox();
    const incoming = { ...server.server("smtp"), username: server.address };
    const outcome = await check(server, { incoming });
    expect(outcome).toMatchObject({ ok: false, code: "PROTOCOL_MISMATCH" });
    expect(JSON.stringify(outcome)).not.toMatch(/220|ESMTP/);
  });

  test("CONNECTION_FAILED alike for a host that is refused, one that is not there, and a closed port", async () => {
    const server = await createMailbox();
    const refused = { ok: false, code: "CONNECTION_FAILED", message: "The mail server cannot be reached" };
    for (const [hostname, port] of [
      ["127.0.0.1", 993],
      ["169.254.169.254", 993],
      ["imap.nowhere.uz", 993],
      ["imap.gmail.com", 25],
      ["localhost", 9],
    ] as const) {
      const incoming = { hostname, port, encryption: "tls" as const, username: server.address };
      expect(await check(server, { incoming }), hostname).toEqual(refused);
    }
  });

  test("CONNECTION_FAILED for a server that does not answer, after 15 seconds", async () => {
    const server = await createMailbox({ hasOwnPorts: true });
    await server.plan({ protocol: "imap", on: "LOGIN", finally: "hang", times: 0 });
    await server.plan({ protocol: "imap", on: "AUTHENTICATE", finally: "hang", times: 0 });
    const started = Date.now();
    expect(await check(server)).toMatchObject({ ok: false, code: "CONNECTION_FAILED" });
    expect(Date.now() - started).toBeGreaterThan(14_000);
  });

  test("AUTHENTICATION_FAILED without a password to log in with", async () => {
    const server = await createMailbox();
    const owner = newOwner();
    const outcome = await mailboxOf(owner).check(owner, server.settings(), {});
    expect(outcome).toMatchObject({ ok: false, code: "AUTHENTICATION_FAILED" });
  });

  test("NOT_FOUND for another's mailbox, and for kept secrets of one that was never opened", async () => {
    const owner = newOwner();
    const settings = settingsOf({ port: 1 });
    const mailbox = mailboxOf(owner);
    expect(await mailbox.check(owner, settings)).toMatchObject({ ok: false, code: "NOT_FOUND" });
    await mailbox.configure(owner, settings, { password: "secret" });
    const other = { ...owner, userId: crypto.randomUUID() };
    expect(await mailbox.check(other, settings)).toMatchObject({ code: "NOT_FOUND" });
    expect(await mailbox.check(other, settings, { password: "p" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a login works", () => {
  test.each(["none", "tls", "starttls"] as const)(
    "with encryption %s, and tells what the server can do",
    async (encryption) => {
      const server = await createMailbox();
      const incoming = { ...server.server("imap", encryption), username: server.address };
      const outcome = await check(server, { incoming, smtp: server.server("smtp", encryption) });
      expect(outcome).toMatchObject({
        ok: true,
        capabilities: expect.arrayContaining(["IMAP4rev1", "IDLE"]),
      });
      const [first, second] = await server.connections();
      expect([first?.isSecure, second?.isSecure]).toEqual(Array(2).fill(encryption !== "none"));
    },
  );

  test("by POP3", async () => {
    const server = await createMailbox();
    const outcome = await check(server, {
      protocol: "pop3",
      incoming: server.settings({ protocol: "pop3" }).incoming,
    });
    expect(outcome).toMatchObject({ ok: true, capabilities: expect.arrayContaining(["UIDL"]) });
  });

  test("with the kept secrets, and leaves no account where none was", async () => {
    const server = await createMailbox();
    const owner = newOwner();
    const mailbox = mailboxOf(owner);
    expect(await mailbox.check(owner, server.settings(), { password: server.password })).toMatchObject({
      ok: true,
    });
    expect(await mailbox.status(owner)).toMatchObject({ code: "NOT_FOUND" });
    await mailbox.configure(owner, server.settings(), { password: server.password });
    expect(await mailbox.check(owner, server.settings())).toMatchObject({ ok: true });
    expect(await mailbox.check(owner, server.settings(), { smtpPassword: "wrong" })).toMatchObject({
      code: "AUTHENTICATION_FAILED",
    });
  });

  test.each([["imap" as const], ["pop3" as const]])(
    "with the token of a consent, by %s and SMTP",
    async (protocol) => {
      const server = await createMailbox();
      const owner = newOwner();
      const mailbox = mailboxOf(owner);
      const login = { type: "oauth2", provider: "google", flow: "user" } as const;
      const incoming = { ...server.server(protocol), username: server.address };
      const settings = server.settings({ login, protocol, incoming });
      const refreshToken = await oauth.refreshToken("google", server.address);
      await mailbox.configure(owner, settings, { refreshToken });
      expect(await mailbox.check(owner, settings)).toMatchObject({ ok: true });
      const protocols = (await server.connections()).map((connection) => connection.protocol);
      expect(new Set(protocols)).toEqual(new Set([protocol, "smtp"]));
      const elsewhere = { ...incoming, hostname: "imap.attacker.uz", encryption: "tls" as const };
      const refused = await mailbox.check(owner, { ...settings, incoming: elsewhere });
      expect(refused).toMatchObject({ ok: false, code: "OAUTH_UNAVAILABLE" });
      // The mail server no longer takes the token, and the provider gives no other.
      await oauth.revoke(server.address, "all");
      await expect
        .poll(() => mailbox.check(owner, settings))
        .toMatchObject({ code: "AUTHENTICATION_FAILED" });
    },
  );
});

describe("settings that were stored are tried", () => {
  test.each([["imap" as const], ["pop3" as const]])(
    "without a sync, where the owner wants none: %s",
    async (protocol) => {
      const server = await createMailbox();
      await server.deliver("Subject: Hello\r\n\r\nHello");
      const owner = newOwner();
      const mailbox = mailboxOf(owner);
      const incoming = { ...server.server(protocol), username: server.address };
      const settings = server.settings({ protocol, incoming, isSyncEnabled: false });
      await mailbox.configure(owner, settings, { password: server.password });
      await expect
        .poll(() => mailbox.status(owner))
        .toMatchObject({ status: { state: "active", lastSyncAt: null, lastError: null } });
      expect(await mailbox.folders(owner)).toMatchObject({ folders: [] });
    },
  );

  test("and a wrong password is told, and tried three times at most", async () => {
    const server = await createMailbox();
    const owner = newOwner();
    const mailbox = mailboxOf(owner);
    await mailbox.configure(owner, server.settings(), { password: "wrong" });
    await expect
      .poll(() => mailbox.status(owner))
      .toMatchObject({ status: { state: "failing", lastError: { code: "AUTHENTICATION_FAILED" } } });
    for (let round = 0; round < 4; round++) {
      await insideOf(owner, (ctx) => {
        ctx.sql.exec("UPDATE account SET next_sync_at = 1 WHERE next_sync_at > 1");
      });
      await insideOf(owner, ({ storage }) => storage.setAlarm(Date.now()));
      await runDurableObjectAlarm(mailbox as never);
    }
    expect(await mailbox.status(owner)).toMatchObject({ status: { state: "auth_failed" } });
    expect(await insideOf(owner, accountOf)).toMatchObject({ refusedLogins: 3, nextSyncAt: null });
    await mailbox.configure(owner, server.settings(), { password: server.password });
    await expect
      .poll(() => mailbox.status(owner))
      .toMatchObject({ status: { state: "active", lastError: null } });
  });
});
