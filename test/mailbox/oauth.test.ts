import { beforeEach, describe, expect, test } from "vitest";
import { configure } from "../../src/mailbox/account/settings.ts";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { Login, MailboxSettings, Owner } from "../../src/mailbox/contract.ts";
import { MailError } from "../../src/mailbox/errors.ts";
import { credentialsOf } from "../../src/mailbox/secrets/credentials.ts";
import { accountOf } from "../../src/mailbox/store/account.ts";
import { noteFailure } from "../../src/mailbox/store/outcomes.ts";
import { inside } from "./support/inside.ts";
import { consent, oauth } from "./support/internet.ts";
import { bindings, mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";

const SERVER = settingsOf({ port: 1 }).incoming;

const REDIRECT = "https://console.test/signed-in";

const user = (provider: "google" | "microsoft"): Login => ({ type: "oauth2", provider, flow: "user" });

/** Settings of an address of its own, so that tests share no consent. */
function oauthSettings(
  login: Login,
  address = `u${crypto.randomUUID().slice(0, 8)}@contoso.test`,
): MailboxSettings {
  const incoming = { hostname: "localhost", port: 1, encryption: "none" as const, username: address };
  return settingsOf({ port: 1, emailAddress: address, incoming, login });
}

const stubOf = (owner: Owner) => mailboxOf(owner) as unknown as DurableObjectStub;

/** The token that the mailbox would log in with now, or why there is none. */
const tokenOf = (owner: Owner, use: "incoming" | "smtp" = "incoming") =>
  inside(async (ctx) => {
    try {
      const credentials = await credentialsOf(ctx, use, SERVER);
      return "accessToken" in credentials ? credentials.accessToken : "a password";
    } catch (error) {
      if (error instanceof MailError) return { code: error.code, retryAfter: error.retryAfterSeconds };
      throw error;
    }
  }, stubOf(owner));

const rowOf = (owner: Owner) =>
  inside((ctx: MailboxContext) => ctx.sql.exec("SELECT * FROM account").one(), stubOf(owner));

async function opened(login: Login) {
  const owner = newOwner();
  const settings = oauthSettings(login);
  const provider = login.type === "oauth2" ? login.provider : "";
  const refreshToken = await oauth.refreshToken(provider, settings.emailAddress);
  // Switched off, so that no pass asks for tokens beside the test.
  const off = { ...settings, isEnabled: false };
  expect(await mailboxOf(owner).configure(owner, off, { refreshToken })).toMatchObject({ ok: true });
  return { owner, settings, refreshToken, address: settings.emailAddress };
}

beforeEach(async () => {
  await oauth.setLifetime(3600);
  await oauth.fail({ status: 0, body: "", times: 0 });
});

describe("a sign-in is refused", () => {
  async function begun() {
    const owner = newOwner();
    const settings = oauthSettings(user("google"));
    const outcome = await mailboxOf(owner).beginSignIn(owner, settings, REDIRECT);
    if (!outcome.ok) throw new Error(outcome.code);
    return { owner, settings, ...outcome, address: settings.emailAddress };
  }

  test("for another owner, whatever of theirs is the same; and the state stays good for its own", async () => {
    const { owner, url, address } = await begun();
    const { state, code } = await consent(url, { sim_auto: address });
    for (const other of [
      { ...owner, userId: crypto.randomUUID() },
      { ...owner, tenantId: crypto.randomUUID() },
    ]) {
      const refused = await mailboxOf(owner).finishSignIn(other, state, code);
      expect(refused).toMatchObject({ ok: false, code: "NOT_FOUND" });
    }
    expect(await mailboxOf(owner).finishSignIn(owner, state, code)).toMatchObject({ ok: true });
  });

  test("with another state, and with one that was used", async () => {
    const { owner, url, address } = await begun();
    const { state, code } = await consent(url, { sim_auto: address });
    const mailbox = mailboxOf(owner);
    const refused = { ok: false, code: "NOT_FOUND" };
    expect(await mailbox.finishSignIn(owner, `${state}x`, code)).toMatchObject(refused);
    expect(await mailbox.finishSignIn(owner, state, code)).toMatchObject({ ok: true });
    expect(await mailbox.finishSignIn(owner, state, code)).toMatchObject(refused);
  });

  test("after a quarter of an hour", async () => {
    const { owner, url, address } = await begun();
    const { state, code } = await consent(url, { sim_auto: address });
    await inside(
      ({ sql }) => void sql.exec("UPDATE sign_ins SET created_at = created_at - 900001"),
      stubOf(owner),
    );
    const refused = await mailboxOf(owner).finishSignIn(owner, state, code);
    expect(refused).toMatchObject({ ok: false, code: "NOT_FOUND" });
  });

  test("with a code that the provider refuses, and then needs a new state", async () => {
    const { owner, state } = await begun();
    const mailbox = mailboxOf(owner);
    const refused = await mailbox.finishSignIn(owner, state, "guessed");
    expect(refused).toEqual({
      ok: false,
      code: "OAUTH_FAILED",
      message: "The OAuth provider refused the code",
    });
    expect(await mailbox.finishSignIn(owner, state, "guessed")).toMatchObject({ code: "NOT_FOUND" });
    expect(await mailbox.status(owner)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("with a code of another sign-in: PKCE ties it to the one that began it", async () => {
    const [mine, theirs] = [await begun(), await begun()];
    const { code } = await consent(theirs.url, { sim_auto: mine.address });
    const refused = await mailboxOf(mine.owner).finishSignIn(mine.owner, mine.state, code);
    expect(refused).toMatchObject({ ok: false, code: "OAUTH_FAILED" });
  });

  test("by somebody with another address", async () => {
    const { owner, url } = await begun();
    const { state, code } = await consent(url, { sim_auto: "somebody.else@contoso.test" });
    const refused = await mailboxOf(owner).finishSignIn(owner, state, code);
    expect(refused).toMatchObject({ ok: false, code: "OAUTH_FAILED" });
    expect(await mailboxOf(owner).status(owner)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("for a mailbox of another, which stays as it is", async () => {
    const { owner } = await opened(user("google"));
    const before = await rowOf(owner);
    const other = { ...owner, tenantId: crypto.randomUUID() };
    const refused = await mailboxOf(owner).beginSignIn(other, oauthSettings(user("google")), REDIRECT);
    expect(refused).toMatchObject({ ok: false, code: "NOT_FOUND" });
    expect(await rowOf(owner)).toEqual(before);
  });

  test("without a consent to ask for", async () => {
    const owner = newOwner();
    const refused = await mailboxOf(owner).beginSignIn(owner, settingsOf({ port: 1 }), REDIRECT);
    expect(refused).toMatchObject({ ok: false, code: "INVALID" });
  });
});

describe("a login by OAuth is refused before any token is asked for", () => {
  const app = (tenant: string, provider: "google" | "microsoft" = "microsoft"): Login => ({
    type: "oauth2",
    provider,
    flow: "app",
    tenant,
  });
  const contoso = { ...newOwner(), tenantId: "00000000-0000-4000-8000-000000000001" };

  test.each([
    ["a mail server that is not the provider's", { hostname: "imap.attacker.uz" }],
    ["a name that only ends alike", { hostname: "imap.notgmail.com" }],
    ["no TLS", { hostname: "imap.gmail.com", encryption: "none" as const }],
  ])("%s", async (_, changes) => {
    const owner = newOwner();
    const settings = oauthSettings(user("google"));
    const incoming = { ...settings.incoming, encryption: "tls" as const, ...changes };
    const refused = await mailboxOf(owner).configure(owner, { ...settings, incoming }, { refreshToken: "r" });
    expect(refused).toMatchObject({ ok: false, code: "OAUTH_UNAVAILABLE" });
    const smtp = { ...incoming, port: 465 };
    const alike = await mailboxOf(owner).configure(owner, { ...settings, smtp }, { refreshToken: "r" });
    expect(alike).toMatchObject({ ok: false, code: "OAUTH_UNAVAILABLE" });
  });

  test.each([
    ["another tenant of ours", newOwner(), app("contoso"), "a@contoso.test"],
    ["another organisation", contoso, app("fabrikam"), "a@contoso.test"],
    ["an address of another domain", contoso, app("contoso"), "a@fabrikam.test"],
    ["a domain below", contoso, app("contoso"), "a@evil.contoso.test"],
  ])("the operator's right to an organisation, for %s", async (_, who, login, address) => {
    const owner = { ...who, accountId: newOwner().accountId };
    const refused = await mailboxOf(owner).configure(owner, oauthSettings(login, address), {});
    expect(refused).toMatchObject({ ok: false, code: "OAUTH_UNAVAILABLE" });
  });

  test("for a server that was chosen before the settings were changed: a token does not go there", async () => {
    const { owner } = await opened(user("google"));
    const before = (await oauth.asked()).length;
    const codes = await insideOf(owner, (ctx) =>
      Promise.all(
        [
          { hostname: "smtp.attacker.uz", port: 465, encryption: "tls" as const },
          { hostname: "smtp.gmail.com", port: 465, encryption: "none" as const },
        ].map((server) => credentialsOf(ctx, "smtp", server).catch(({ code }) => code)),
      ),
    );
    expect(codes).toEqual(["OAUTH_UNAVAILABLE", "OAUTH_UNAVAILABLE"]);
    expect((await oauth.asked()).length).toBe(before);
  });

  test("the operator's right, with a login name of another domain", async () => {
    const owner = { ...contoso, accountId: newOwner().accountId };
    const settings = oauthSettings(app("contoso"));
    const incoming = { ...settings.incoming, username: "chief@fabrikam.test" };
    const refused = await mailboxOf(owner).configure(owner, { ...settings, incoming }, {});
    expect(refused).toMatchObject({ ok: false, code: "OAUTH_UNAVAILABLE" });
  });

  test.each([["google" as const], ["microsoft" as const]])(
    "unless it is theirs: %s gives a token",
    async (provider) => {
      const owner = { ...contoso, accountId: newOwner().accountId };
      const settings = oauthSettings(app("contoso", provider));
      expect(await mailboxOf(owner).configure(owner, settings)).toMatchObject({ ok: true });
      const token = await tokenOf(owner);
      expect(await oauth.isValid(String(token), settings.emailAddress)).toBe(true);
    },
  );
});

describe("a consent", () => {
  test.each([["google" as const], ["microsoft" as const]])(
    "opens a mailbox of %s, and seals its tokens",
    async (provider) => {
      const owner = newOwner();
      const settings = oauthSettings(user(provider));
      const begun = await mailboxOf(owner).beginSignIn(owner, settings, REDIRECT);
      if (!begun.ok) throw new Error(begun.code);
      const { searchParams } = new URL(begun.url);
      expect(Object.fromEntries(searchParams)).toMatchObject({
        redirect_uri: REDIRECT,
        response_type: "code",
        code_challenge_method: "S256",
        login_hint: settings.emailAddress,
      });
      expect(begun.state.startsWith(`${owner.accountId}.`)).toBe(true);
      const { state, code } = await consent(begun.url, { sim_auto: settings.emailAddress });
      const outcome = await mailboxOf(owner).finishSignIn(owner, state, code);
      expect(outcome).toMatchObject({ ok: true, settings, status: { state: "syncing", keyId: "test" } });
      const token = await tokenOf(owner);
      expect(await oauth.isValid(String(token), settings.emailAddress)).toBe(true);
      expect(JSON.stringify(await rowOf(owner))).not.toMatch(/refresh_|access_|code_/);
    },
  );

  test("is asked for tokens once for calls at the same time, and not again while the token lasts", async () => {
    const { owner } = await opened(user("google"));
    const before = (await oauth.asked()).length;
    const tokens = await inside(
      (ctx) => Promise.all(Array.from({ length: 20 }, () => credentialsOf(ctx, "incoming", SERVER))),
      stubOf(owner),
    );
    expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(1);
    await tokenOf(owner, "smtp");
    expect((await oauth.asked()).length - before).toBe(1);
  });

  test("gives a new token five minutes before the old one ends, and Microsoft's new refresh token is kept", async () => {
    const { owner, refreshToken, address } = await opened(user("microsoft"));
    await oauth.setLifetime(290);
    const tokens = [];
    for (let round = 0; round < 3; round++) tokens.push(await tokenOf(owner));
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(await oauth.isValid(String(token), address)).toBe(true);
    // The stand-in ends each refresh token with its first use.
    const again = await mailboxOf(owner).configure(owner, oauthSettings(user("microsoft"), address), {
      refreshToken,
    });
    expect(again).toMatchObject({ ok: true });
    expect(await tokenOf(owner)).toMatchObject({ code: "AUTHENTICATION_FAILED" });
  });

  test("that was taken back is told once, and the provider is not asked again until the settings change", async () => {
    const { owner, settings, address } = await opened(user("google"));
    await oauth.revoke(address);
    expect(await tokenOf(owner)).toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(await mailboxOf(owner).status(owner)).toMatchObject({
      status: { state: "auth_failed", lastError: { code: "AUTHENTICATION_FAILED" } },
    });
    const before = (await oauth.asked()).length;
    for (let round = 0; round < 5; round++) await tokenOf(owner);
    expect((await oauth.asked()).length).toBe(before);
    const refreshToken = await oauth.refreshToken("google", address);
    await mailboxOf(owner).configure(owner, settings, { refreshToken });
    expect(await oauth.isValid(String(await tokenOf(owner)), address)).toBe(true);
  });

  test("gives another token after the mail server has refused one that should still be good", async () => {
    const { owner, address } = await opened(user("google"));
    const token = await tokenOf(owner);
    await inside(
      (ctx) => noteFailure(ctx, accountOf(ctx), new MailError("AUTHENTICATION_FAILED", "refused")),
      stubOf(owner),
    );
    const next = await tokenOf(owner);
    expect(next).not.toBe(token);
    expect(await oauth.isValid(String(next), address)).toBe(true);
  });

  test("is not lost by a provider that is busy, broken or talks nonsense", async () => {
    const { owner, address } = await opened(user("google"));
    await oauth.fail({ status: 429, body: "{}", retryAfter: "120", times: 1 });
    expect(await tokenOf(owner)).toEqual({ code: "THROTTLED", retryAfter: 120 });
    await oauth.fail({ status: 503, body: "<html>", times: 1 });
    expect(await tokenOf(owner)).toMatchObject({ code: "CONNECTION_FAILED" });
    for (const body of ["[]", "nonsense", '{"error":"<b>invalid_grant</b>"}', '"invalid_grant"']) {
      await oauth.fail({ status: 400, body, times: 1 });
      expect(await tokenOf(owner), body).toMatchObject({ code: "OAUTH_FAILED" });
    }
    await oauth.fail({ status: 200, body: `{"access_token":"${"x".repeat(200_000)}"}`, times: 1 });
    expect(await tokenOf(owner)).toMatchObject({ code: "CONNECTION_FAILED" });
    expect(await oauth.isValid(String(await tokenOf(owner)), address)).toBe(true);
  });

  test("leaves nothing in a mailbox that was closed while a token was on its way", async () => {
    const { owner } = await opened(user("microsoft"));
    const stub = stubOf(owner);
    const [token] = await Promise.all([tokenOf(owner), mailboxOf(owner).close(owner)]);
    expect(token).toBeDefined();
    const { secrets, data_key } = await inside(
      ({ sql }) => sql.exec("SELECT secrets, data_key FROM account").one(),
      stub,
    );
    expect([secrets, data_key]).toEqual([null, null]);
  });
});

test("no client, no login: what MAIL_OAUTH does not have is OAUTH_UNAVAILABLE", async () => {
  const owner = newOwner();
  const outcome = await inside(async (ctx) => {
    const env = { ...bindings, MAIL_OAUTH: '{"google": {"id": 5}}' };
    return configure({ ...ctx, env }, owner, oauthSettings(user("google")), { refreshToken: "r" }).catch(
      (error) => error.code,
    );
  }, stubOf(owner));
  expect(outcome).toBe("OAUTH_UNAVAILABLE");
});
