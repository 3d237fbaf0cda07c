import { describe, expect, test } from "vitest";
import type { MailboxSettings, Owner } from "../../src/mailbox/contract.ts";
import { MailError } from "../../src/mailbox/errors.ts";
import { credentialsOf } from "../../src/mailbox/secrets/credentials.ts";
import { openSecrets } from "../../src/mailbox/secrets/seal.ts";
import { accountOf } from "../../src/mailbox/store/account.ts";
import { noteFailure, noteSuccess, waitAfter } from "../../src/mailbox/store/outcomes.ts";
import { mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";

// A port that nobody listens at: what is due fails, and says so.
const SERVER = settingsOf({ port: 1 }).incoming;

const settings = settingsOf({ port: 1, isSyncEnabled: false });
const PASSWORD = "correct horse battery staple";
const MINUTE = 60_000;

/** What is stored, but for what the Worker was told, which happens beside. */
const accountRow = (owner: Owner) =>
  insideOf(owner, ({ sql }) => {
    const { told: _, told_at: __, ...row } = sql.exec("SELECT * FROM account").one();
    return row;
  });

/** An account that is switched on only once its alarm is set, so that no pass changes what a test looks at. */
async function opened(changes: Partial<MailboxSettings> = {}) {
  const owner = newOwner();
  const mailbox = mailboxOf(owner);
  const off = { ...settings, ...changes, isEnabled: false };
  expect(await mailbox.configure(owner, off, { password: PASSWORD })).toMatchObject({ ok: true });
  await insideOf(owner, (ctx) => {
    const on = JSON.stringify({ ...accountOf(ctx).settings, isEnabled: true });
    ctx.sql.exec("UPDATE account SET settings = ?, state = 'syncing'", on);
  });
  return { owner, mailbox };
}

const refusedLogin = new MailError("AUTHENTICATION_FAILED", "The mail server refused the login");

const fail = (owner: Owner, error: MailError) =>
  insideOf(owner, async (ctx) => {
    await noteFailure(ctx, accountOf(ctx), error);
    return accountOf(ctx);
  });

describe("refusals", () => {
  test("another user, another tenant and another account are NOT_FOUND for every call, and change nothing", async () => {
    const { owner, mailbox } = await opened();
    const before = await accountRow(owner);
    for (const other of [
      { ...owner, userId: crypto.randomUUID() },
      { ...owner, tenantId: crypto.randomUUID() },
      { ...owner, accountId: newOwner().accountId },
    ]) {
      const refused = { ok: false, code: "NOT_FOUND" };
      expect(await mailbox.status(other)).toMatchObject(refused);
      expect(await mailbox.configure(other, settings, { password: "stolen" })).toMatchObject(refused);
      expect(await mailbox.check(other, settings)).toMatchObject(refused);
      expect(await mailbox.close(other)).toMatchObject(refused);
    }
    expect(await accountRow(owner)).toEqual(before);
  });

  test("no answer has a secret", async () => {
    const { owner, mailbox } = await opened();
    const answers = [
      await mailbox.status(owner),
      await mailbox.configure(owner, settings),
      await mailbox.close(owner),
    ];
    expect(JSON.stringify(answers)).not.toContain(PASSWORD);
  });
});

describe("changed settings", () => {
  test("keep the secrets that are not given again", async () => {
    const { owner, mailbox } = await opened();
    await mailbox.configure(owner, settings, { smtpPassword: "other" });
    await mailbox.configure(owner, { ...settings, syncInterval: 600 });
    const kept = await insideOf(owner, openSecrets);
    expect(kept?.values).toEqual({ password: PASSWORD, smtpPassword: "other" });
    expect(await insideOf(owner, (ctx) => credentialsOf(ctx, "incoming", SERVER))).toMatchObject({
      password: PASSWORD,
    });
    expect(await insideOf(owner, (ctx) => credentialsOf(ctx, "smtp", SERVER))).toMatchObject({
      password: "other",
    });
  });

  test("of the login leave no secret of the old one", async () => {
    const { owner, mailbox } = await opened();
    const login = { type: "oauth2", provider: "google", flow: "user" } as const;
    expect(await mailbox.configure(owner, { ...settings, login }, { refreshToken: "r" })).toMatchObject({
      ok: true,
    });
    expect((await insideOf(owner, openSecrets))?.values).toEqual({ refreshToken: "r" });
    await mailbox.configure(owner, settings, { password: "new" });
    expect((await insideOf(owner, openSecrets))?.values).toEqual({ password: "new" });
  });

  test("at the same time are all stored: no secret is lost, whatever came first", async () => {
    const { owner, mailbox } = await opened();
    await Promise.all([
      mailbox.configure(owner, settings, { password: "one" }),
      mailbox.configure(owner, settings, { smtpPassword: "two" }),
      mailbox.configure(owner, { ...settings, accountName: "Three" }),
      mailbox.configure(owner, settings, { smtpPassword: "two" }),
    ]);
    expect((await insideOf(owner, openSecrets))?.values).toEqual({ password: "one", smtpPassword: "two" });
  });

  test("have hosts in the one form that the guard lets through", async () => {
    const { owner } = await opened({ incoming: { ...settings.incoming, hostname: "IMAP.Почта.рф." } });
    const { settings: stored } = await insideOf(owner, accountOf);
    expect(stored.incoming.hostname).toBe("imap.xn--80a1acny.xn--p1ai");
  });

  test("that the login does not depend on neither try it nor forget what is known", async () => {
    const { owner, mailbox } = await opened({ isSyncEnabled: true });
    await insideOf(owner, (ctx) =>
      noteSuccess(ctx, accountOf(ctx), { capabilities: ["IDLE"], isComplete: true }),
    );
    const before = await insideOf(owner, accountOf);
    await mailbox.configure(owner, { ...settings, isSyncEnabled: true, accountName: "New name" });
    const after = await insideOf(owner, accountOf);
    expect(after).toMatchObject({ state: "active", capabilities: ["IDLE"] });
    expect(after.nextSyncAt).toBeLessThanOrEqual(before.nextSyncAt ?? 0);
    expect(after.nextSyncAt).toBeGreaterThan(Date.now() + 3 * MINUTE);
    await mailbox.configure(owner, { ...settings, isSyncEnabled: true, syncInterval: 60 });
    const { nextSyncAt } = await insideOf(owner, accountOf);
    expect(nextSyncAt).toBeLessThanOrEqual(Date.now() + MINUTE);
  });

  test("make a pass due at once where the login depends on them", async () => {
    for (const changes of [
      { incoming: { ...settings.incoming, hostname: "imap.nowhere.uz" } },
      { incoming: { ...settings.incoming, username: "another" } },
      { smtp: { hostname: "smtp.nowhere.uz" } },
      { protocol: "pop3" as const },
    ]) {
      const { owner, mailbox } = await opened({ isSyncEnabled: true });
      await insideOf(owner, (ctx) =>
        noteSuccess(ctx, accountOf(ctx), { capabilities: [], isComplete: true }),
      );
      const outcome = await mailbox.configure(owner, { ...settings, ...changes, isSyncEnabled: true });
      expect(outcome, JSON.stringify(changes)).toMatchObject({
        ok: true,
        status: { state: "syncing", lastError: null },
      });
    }
  });

  test("of a disabled account stop its schedule, and start it again", async () => {
    const { owner, mailbox } = await opened({ isSyncEnabled: true });
    expect(await mailbox.configure(owner, { ...settings, isEnabled: false })).toMatchObject({
      status: { state: "disabled" },
    });
    expect(await insideOf(owner, accountOf)).toMatchObject({ nextSyncAt: null });
    expect(await mailbox.configure(owner, settings)).toMatchObject({ status: { state: "syncing" } });
  });
});

describe("a closed mailbox", () => {
  test("has no secret, no key and no schedule; its messages stay, and it opens again", async () => {
    const { owner, mailbox } = await opened();
    await insideOf(owner, ({ sql }) => {
      sql.exec(
        "INSERT INTO messages (id, key, conversation_id, received_at, created_at, updated_at) VALUES ('m', 'k', 'c', 1, 1, 1)",
      );
    });
    expect(await mailbox.close(owner)).toEqual({ ok: true });
    expect(await accountRow(owner)).toMatchObject({
      ...{ secrets: null, data_key: null, key_id: null },
      ...{ state: "closed", next_sync_at: null },
    });
    expect(await mailbox.status(owner)).toMatchObject({ status: { state: "closed", keyId: null } });
    const codes = await insideOf(owner, (ctx) =>
      credentialsOf(ctx, "incoming", SERVER).catch(({ code }) => code),
    );
    expect(codes).toBe("AUTHENTICATION_FAILED");
    expect(await mailbox.close(owner)).toEqual({ ok: true });
    await mailbox.configure(owner, settings, { password: "new" });
    expect(await mailbox.status(owner)).toMatchObject({ status: { keyId: "test" } });
    expect((await insideOf(owner, openSecrets))?.values).toEqual({ password: "new" });
    const kept = await insideOf(owner, ({ sql }) => sql.exec("SELECT id FROM messages").toArray());
    expect(kept).toEqual([{ id: "m" }]);
  });
});

describe("a pass that ends after the settings have changed", () => {
  test("says nothing of the new ones", async () => {
    const { owner, mailbox } = await opened();
    const begun = await insideOf(owner, accountOf);
    await mailbox.configure(owner, { ...settings, isEnabled: false }, { password: "new" });
    const before = await accountRow(owner);
    await insideOf(owner, async (ctx) => {
      await noteFailure(ctx, begun, refusedLogin);
      await noteFailure(ctx, begun, new MailError("THROTTLED", "later", { retryAfterSeconds: 9 }));
      await noteSuccess(ctx, begun, { capabilities: ["OLD"], isComplete: true });
    });
    expect(await accountRow(owner)).toEqual(before);
  });
});

describe("a login that is refused", () => {
  test("three times in a row is not tried again until the settings change", async () => {
    const { owner, mailbox } = await opened();
    for (const [tries, state] of [
      [1, "failing"],
      [2, "failing"],
      [3, "auth_failed"],
      [3, "auth_failed"],
    ] as const) {
      const account = await fail(owner, refusedLogin);
      expect(account).toMatchObject({
        state,
        refusedLogins: tries,
        lastError: { code: "AUTHENTICATION_FAILED" },
      });
      expect(account.nextSyncAt === null).toBe(tries === 3);
    }
    const refused = await insideOf(owner, (ctx) =>
      credentialsOf(ctx, "smtp", SERVER).catch(({ code }) => code),
    );
    expect(refused).toBe("AUTHENTICATION_FAILED");
    await mailbox.configure(owner, { ...settings, accountName: "New name" });
    expect(await insideOf(owner, accountOf)).toMatchObject({ state: "auth_failed", nextSyncAt: null });
    // The same password again is a new try: the owner may have let us in at the provider.
    expect(await mailbox.configure(owner, settings, { password: PASSWORD })).toMatchObject({
      status: { state: "syncing", lastError: null },
    });
    expect(await insideOf(owner, accountOf)).toMatchObject({ refusedLogins: 0 });
  });

  test("is forgotten after one that works", async () => {
    const { owner } = await opened();
    for (let round = 0; round < 5; round++) {
      await fail(owner, refusedLogin);
      await fail(owner, refusedLogin);
      await insideOf(owner, (ctx) =>
        noteSuccess(ctx, accountOf(ctx), { capabilities: [], isComplete: true }),
      );
    }
    expect(await insideOf(owner, accountOf)).toMatchObject({ state: "active", refusedLogins: 0 });
  });
});

describe("the wait after failures", () => {
  test("is 1, 2, 4 … 60 minutes, and a tenth at most", () => {
    for (const [failures, minutes] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      const wait = waitAfter(failures + 1);
      expect(wait).toBeGreaterThanOrEqual(minutes * MINUTE);
      expect(wait).toBeLessThanOrEqual(minutes * MINUTE * 1.1);
    }
    expect(waitAfter(100_000)).toBeLessThanOrEqual(66 * MINUTE);
  });

  test("is what the server asks for, if that is longer", async () => {
    const { owner } = await opened();
    const before = Date.now();
    const throttled = new MailError("THROTTLED", "later", { retryAfterSeconds: 7200 });
    const { nextSyncAt, state, failures } = await fail(owner, throttled);
    expect([state, failures]).toEqual(["failing", 1]);
    expect(nextSyncAt).toBeGreaterThanOrEqual(before + 7_200_000);
  });
});
