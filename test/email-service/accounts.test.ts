import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CUID } from "../../src/lib/cuid.ts";
import { accountInput, createAccount, emailClient, inMailbox, PASSWORD } from "../support/email-client.ts";
import { BROKEN_HOST } from "../support/fake-mailbox.ts";

const rowsOf = async (tenant: string) =>
  (await env.EMAIL_SERVICE_DB.prepare("SELECT * FROM es_accounts WHERE tenant_id = ?").bind(tenant).all())
    .results;

describe("creating an account", () => {
  it("answers what was stored, without any secret", async () => {
    const client = await emailClient();
    const { status, body } = await client.call("POST", "/api/accounts", accountInput({ smtpPort: 587 }));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ tenantId: client.claims.tenant_id, userId: client.claims.user_id, state: "syncing" },
      ...{ hostname: "imap.demo.example", isSyncEnabled: true, syncInterval: 300, isEnabled: true },
      ...{ auth: { type: "password" }, smtpPort: 587, lastSyncAt: null },
    });
    expect(body.id).toMatch(CUID);
    expect(JSON.stringify(body)).not.toContain(PASSWORD);
    expect(JSON.stringify(await rowsOf(client.claims.tenant_id))).not.toContain(PASSWORD);
    expect(await inMailbox(body.id, ({ secrets }) => secrets)).toEqual({ password: PASSWORD });
  });

  it.each([
    ["a password of 7 characters", { password: "1234567" }, "password: at least 8 characters"],
    ["no password", { password: undefined }, "password: is missing"],
    [
      "a password and auth",
      { auth: { type: "oauth2", provider: "google", refreshToken: "r" } },
      "password: ",
    ],
    ["a line break in its name", { accountName: "a\nb" }, "accountName: must be one line"],
    ["a name of 256 characters", { accountName: "a".repeat(256) }, "accountName: at most 255"],
    ["an unknown protocol", { protocol: "exchange" }, "protocol: "],
    ["port 0", { port: 0 }, "port: "],
    ["port 65536", { port: 65_536 }, "port: "],
    ["an interval of 59 seconds", { syncInterval: 59 }, "syncInterval: "],
    ["an interval of more than a day", { syncInterval: 86_401 }, "syncInterval: "],
    ["no host", { hostname: undefined }, "hostname: is missing"],
  ])("is refused with %s, and nothing is stored", async (_, changes, message) => {
    const client = await emailClient();
    const { status, body } = await client.call("POST", "/api/accounts", accountInput(changes));
    expect([status, body.error, body.code]).toEqual([400, "Bad request", "INVALID"]);
    expect(body.message).toContain(message);
    expect(await rowsOf(client.claims.tenant_id)).toEqual([]);
  });

  it("has the contract's code for a malformed address", async () => {
    const client = await emailClient();
    const { status, body } = await client.call("POST", "/api/accounts", accountInput({ emailAddress: "no" }));
    expect([status, body.code]).toEqual([400, "INVALID_EMAIL_FORMAT"]);
  });

  it("is 409 for an address that the tenant has, in any case and of any user", async () => {
    const client = await emailClient();
    const colleague = await emailClient({ tenant_id: client.claims.tenant_id });
    const { emailAddress } = await createAccount(client);
    const again = accountInput({ emailAddress: emailAddress.toUpperCase() });
    for (const each of [client, colleague]) {
      const { status, body } = await each.call("POST", "/api/accounts", again);
      expect([status, body.error, body.code]).toEqual([409, "Email conflict", "EMAIL_DUPLICATE"]);
    }
    await createAccount(await emailClient(), { emailAddress });
  });

  it("of ten requests for one address at once, one succeeds", async () => {
    const client = await emailClient();
    const input = accountInput();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.call("POST", "/api/accounts", input)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    const winner = answers.find(({ status }) => status === 201)?.body;
    const rows = await rowsOf(client.claims.tenant_id);
    expect(rows.filter(({ deleted_at }) => deleted_at === null).map(({ id }) => id)).toEqual([winner.id]);
    for (const { id } of rows.filter(({ deleted_at }) => deleted_at !== null))
      expect(await inMailbox(String(id), ({ secrets, state }) => [secrets, state.state])).toEqual([
        {},
        "closed",
      ]);
  });

  it("without mailboxes is 503, leaves nothing to be seen, and the next try succeeds", async () => {
    const client = await emailClient();
    const input = accountInput({ hostname: BROKEN_HOST });
    const { status, body, headers } = await client.call("POST", "/api/accounts", input);
    expect([status, body.code, headers.get("retry-after")]).toEqual([503, "ENGINE_UNAVAILABLE", "30"]);
    expect((await client.call("GET", "/api/accounts")).body.accounts).toEqual([]);
    const [left] = await rowsOf(client.claims.tenant_id);
    const created = await createAccount(client, { emailAddress: input.emailAddress });
    expect(created.id, "the same mailbox").toBe(left?.id);
  });

  it.each([
    ["connection-failed", 400, "CONNECTION_FAILED"],
    ["keys-missing", 500, "KEYS_MISSING"],
  ])("that the mailbox refuses (%s) is %i", async (host, expected, code) => {
    const client = await emailClient();
    const input = accountInput({ hostname: `${host}.refused.example` });
    const { status, body } = await client.call("POST", "/api/accounts", input);
    expect([status, body.code]).toEqual([expected, code]);
    expect((await client.call("GET", "/api/accounts")).body.pagination.total).toBe(0);
  });

  it("with verify=true logs in first, and a refused login is 400 with its code", async () => {
    const client = await emailClient();
    const wrong = accountInput({ hostname: "authentication-failed.refused.example" });
    const { status, body } = await client.call("POST", "/api/accounts?verify=true", wrong);
    expect([status, body.code]).toEqual([400, "AUTHENTICATION_FAILED"]);
    const right = await client.call("POST", "/api/accounts?verify=true", accountInput());
    expect(right.status).toBe(201);
    const methods = await inMailbox(right.body.id, ({ calls }) => calls.map(({ method }) => method));
    expect(methods).toEqual(["check", "configure", "status"]);
  });

  it("with a refresh token or an app's right logs in by OAuth", async () => {
    const client = await emailClient();
    const auth = { type: "oauth2", provider: "google", refreshToken: "the refresh token" };
    const user = await createAccount(client, { password: undefined, auth });
    expect(user.auth).toEqual({ type: "oauth2", provider: "google" });
    expect(JSON.stringify(user)).not.toContain("the refresh token");
    expect(await inMailbox(user.id, ({ secrets }) => secrets)).toEqual({ refreshToken: "the refresh token" });
    const app = { type: "oauth2", provider: "microsoft", tenant: "demo.onmicrosoft.example" };
    const admin = await emailClient({ role: "admin" });
    expect((await createAccount(admin, { password: undefined, auth: app })).auth).toEqual(app);
  });

  it("by an organisation's consent is for admins, since it opens any colleague's mailbox", async () => {
    const client = await emailClient();
    const auth = { type: "oauth2", provider: "microsoft", tenant: "demo.onmicrosoft.example" };
    const input = accountInput({ password: undefined, auth });
    const created = await client.call("POST", "/api/accounts", input);
    expect([created.status, created.body.message]).toEqual([400, "auth.tenant: is for admins"]);
    const { id } = await createAccount(client);
    const changed = await client.call("PUT", `/api/accounts/${id}`, { auth });
    expect([changed.status, changed.body.message]).toEqual([400, "auth.tenant: is for admins"]);
    expect(await inMailbox(id, ({ settings }) => settings?.login)).toEqual({ type: "password" });
  });

  it("under a key creates one account, and no hash of the password can be guessed", async () => {
    const client = await emailClient();
    const input = accountInput();
    const headers = { "idempotency-key": "create-once" };
    const [first, second] = [
      await client.call("POST", "/api/accounts", input, headers),
      await client.call("POST", "/api/accounts", input, headers),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    const other = await client.call("POST", "/api/accounts", accountInput(), headers);
    expect([other.status, other.body.code]).toEqual([409, "KEY_REUSED"]);
  });
});

describe("reading accounts", () => {
  it("lists them in pages, oldest first", async () => {
    const client = await emailClient();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await createAccount(client)).id);
    const { body } = await client.call("GET", "/api/accounts?limit=2&offset=1");
    expect(body.accounts.map(({ id }: { id: string }) => id)).toEqual(ids.slice(1));
    expect(body.pagination).toEqual({ total: 3, limit: 2, offset: 1 });
    expect((await client.call("GET", "/api/accounts?offset=99")).body).toEqual({
      accounts: [],
      pagination: { total: 3, limit: 100, offset: 99 },
    });
  });

  it.each(["limit=0", "limit=1001", "limit=x", "offset=-1", "sort=name"])("refuses %s", async (query) => {
    const client = await emailClient();
    expect((await client.call("GET", `/api/accounts?${query}`)).status).toBe(400);
  });

  it("shows one as its mailbox is now, and as it last told if it does not answer", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    const lastError = { code: "AUTHENTICATION_FAILED" as const, message: "Wrong password", at: 5 };
    await inMailbox(id, (mailbox) => {
      mailbox.state = { ...mailbox.state, state: "auth_failed", lastError };
    });
    const live = await client.call("GET", `/api/accounts/${id}`);
    expect(live.body).toMatchObject({ state: "auth_failed", lastError });
    await inMailbox(id, (mailbox) => {
      mailbox.isBroken = true;
    });
    expect((await client.call("GET", `/api/accounts/${id}`)).body.state).toBe("syncing");
  });

  it("a role admin sees all accounts of the tenant, and no other tenant's", async () => {
    const client = await emailClient();
    const admin = await emailClient({ tenant_id: client.claims.tenant_id, role: "admin" });
    const { id } = await createAccount(client);
    expect((await admin.call("GET", "/api/accounts")).body.pagination.total).toBe(1);
    expect((await admin.call("GET", `/api/accounts/${id}`)).body.userId).toBe(client.claims.user_id);
    const foreign = await emailClient({ role: "admin" });
    expect((await foreign.call("GET", "/api/accounts")).body.pagination.total).toBe(0);
  });
});

describe("changing an account", () => {
  it("changes what is given, and keeps the rest and the secrets", async () => {
    const client = await emailClient();
    const before = await createAccount(client);
    const { status, body } = await client.call("PUT", `/api/accounts/${before.id}`, {
      accountName: "Home",
      syncInterval: 600,
    });
    expect(status).toBe(200);
    const { updatedAt, ...rest } = body;
    expect({ ...rest, updatedAt: 0 }).toEqual({
      ...before,
      accountName: "Home",
      syncInterval: 600,
      updatedAt: 0,
    });
    expect(updatedAt).toBeGreaterThan(before.updatedAt);
    expect(await inMailbox(before.id, ({ secrets }) => secrets)).toEqual({ password: PASSWORD });
  });

  it("refuses another address, and takes the same one", async () => {
    const client = await emailClient();
    const { id, emailAddress } = await createAccount(client);
    const put = (address: string) => client.call("PUT", `/api/accounts/${id}`, { emailAddress: address });
    expect((await put("other@demo.example")).body.message).toContain("emailAddress: cannot be changed");
    expect((await put(emailAddress.toUpperCase())).status).toBe(200);
  });

  it("at once by many loses no change, and the mailbox has them all", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    const changes = [{ accountName: "A" }, { port: 143 }, { syncInterval: 900 }];
    const answers = await Promise.all(changes.map((each) => client.call("PUT", `/api/accounts/${id}`, each)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await client.call("GET", `/api/accounts/${id}`);
    expect(body).toMatchObject({ accountName: "A", port: 143, syncInterval: 900 });
    const settings = await inMailbox(id, (mailbox) => mailbox.settings);
    expect(settings).toMatchObject({ accountName: "A", incoming: { port: 143 }, syncInterval: 900 });
  });

  it("an admin cannot lead another user's password to a server of their own", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    const admin = await emailClient({ tenant_id: client.claims.tenant_id, role: "admin" });
    for (const change of [{ hostname: "evil.example" }, { port: 993 }, { smtpHost: "evil.example" }]) {
      const { status, body } = await admin.call("PUT", `/api/accounts/${id}`, change);
      expect([status, body.message]).toEqual([400, expect.stringContaining("password: is required")]);
    }
    const allowed = { hostname: "new.example", password: "a new password" };
    expect((await admin.call("PUT", `/api/accounts/${id}`, allowed)).status).toBe(200);
    expect((await admin.call("PUT", `/api/accounts/${id}`, { isEnabled: false })).body.state).toBe(
      "disabled",
    );
  });
});

describe("deleting an account", () => {
  it("destroys the secrets, is 404 afterwards, and the address comes back with the same id", async () => {
    const client = await emailClient();
    const { id, emailAddress } = await createAccount(client);
    expect((await client.call("DELETE", `/api/accounts/${id}`)).status).toBe(204);
    expect(await inMailbox(id, ({ secrets, state }) => [secrets, state.state])).toEqual([{}, "closed"]);
    for (const method of ["GET", "DELETE"])
      expect((await client.call(method, `/api/accounts/${id}`)).status).toBe(404);
    expect((await client.call("GET", `/api/${id}/folders`)).status).toBe(404);
    const again = await createAccount(client, {
      emailAddress: emailAddress.toUpperCase(),
      accountName: "Again",
    });
    expect(again).toMatchObject({ id, accountName: "Again", emailAddress: emailAddress.toUpperCase() });
  });

  it("by one user gives another user of the address none of its mail", async () => {
    const client = await emailClient();
    const { id, emailAddress } = await createAccount(client);
    await client.call("DELETE", `/api/accounts/${id}`);
    const colleague = await emailClient({ tenant_id: client.claims.tenant_id });
    expect((await createAccount(colleague, { emailAddress })).id).not.toBe(id);
  });

  it("is 503 while the mailbox cannot be reached, and changes nothing: its secrets would remain", async () => {
    const client = await emailClient();
    const { id } = await createAccount(client);
    await inMailbox(id, (mailbox) => {
      mailbox.isBroken = true;
    });
    expect((await client.call("DELETE", `/api/accounts/${id}`)).status).toBe(503);
    expect((await client.call("GET", `/api/accounts/${id}`)).status).toBe(200);
  });
});
