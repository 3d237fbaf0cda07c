import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { serve } from "../../src/ems/routes.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { cron, setClock } from "../support/lifetime.ts";
import { breakRoute, eventually, expireGrant, mendRoutes, notify, receiveMail } from "../support/nylas.ts";
import {
  askToConnect,
  beginSignIn,
  comeBack,
  consent,
  deny,
  landing,
  signIn,
  toldAt,
} from "../support/sign-in.ts";

const TAKEN = "Email account with this email address/grant already exists.";
const STALE = "This sign-in is unknown, used or expired; start again";

const newAddress = () => `owner${unique()}@demo.example`;

const accountsOf = async (client: Client) => (await client.call("GET", "/accounts")).body as { id: string }[];

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await mendRoutes();
});

describe("the start is refused", () => {
  it("with 403 for a company outside the token, whether it exists or not", async () => {
    const [client, other] = await Promise.all([createClient(), createClient()]);
    for (const company_id of [other.claims.companies[0], unique()]) {
      const answer = await askToConnect(client, { company_id: String(company_id) });
      expect(answer).toMatchObject({ status: 403, body: { detail: "No access to this company" } });
    }
  });

  it.each([
    ["company_id", "", /^company_id: /],
    ["company_id", "x", /^company_id: must be a whole number/],
    ["provider", "zoom", /^provider: .*"google"\|"microsoft"\|"icloud"/],
    ["provider", "virtual-calendar", /^provider: /],
    ["return_to", "", /^return_to: /],
    ["return_to", `/${"x".repeat(2000)}`, /^return_to: at most 2000 characters/],
    ["login_hint", "a@b.example", /^login_hint: is not a parameter of this route/],
  ])("with 400 for %s=%.40s", async (name, value, detail) => {
    const answer = await askToConnect(await createClient(), { [name]: value });
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(detail) } });
  });

  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https://xabar.test@evil.example/",
    "https://xabar.test.evil.example/",
    "https://localhost.evil.example/",
    "https://xabar.test:8443/",
    "http://xabar.test/",
    "javascript:alert(1)",
    "data:text/html,x",
    "blob:https://xabar.test/0",
    "ftp://localhost/",
    "http://[",
  ])("with 400 for a return to %s", async (return_to) => {
    const answer = await askToConnect(await createClient(), { return_to });
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/^return_to: must/) },
    });
  });

  const ask = async (on: object, return_to: string) => {
    const { token, claims } = await createClient();
    const query = new URLSearchParams({ company_id: String(claims.companies[0]), return_to });
    const headers = { authorization: `Bearer ${token}` };
    const request = new Request(`https://xabar.test/accounts/connect?${query}`, { headers });
    const response = await serve(request, { ...env, STORE: "d1", ...on } as Env, createExecutionContext());
    return { status: response.status, body: (await response.json()) as { detail?: string } };
  };

  it("with 400 for a return to an origin that CORS_ORIGINS does not name; * names none", async () => {
    const named = { CORS_ORIGINS: "https://app.example, https://other.example" };
    expect((await ask(named, "https://app.example/mail")).status).toBe(200);
    expect((await ask(named, "/mail")).status).toBe(200);
    for (const [origins, return_to] of [
      [named.CORS_ORIGINS, "http://app.example/"],
      [named.CORS_ORIGINS, "https://app.example.evil.example/"],
      [named.CORS_ORIGINS, "http://localhost:5173/"],
      ["*", "https://app.example/"],
      ["*", "http://localhost:5173/"],
    ] as const) {
      expect((await ask({ CORS_ORIGINS: origins }, return_to)).status, `${return_to} of ${origins}`).toBe(
        400,
      );
    }
    expect((await ask({ CORS_ORIGINS: "*" }, "/mail")).status).toBe(200);
  });

  it("with 503 as long as NYLAS_CLIENT_ID is missing", async () => {
    const { status, body } = await ask({ NYLAS_CLIENT_ID: "" }, "/mail");
    expect([status, body.detail]).toEqual([503, "Sign-ins are not set up: NYLAS_CLIENT_ID is missing"]);
  });
});

describe("the start", () => {
  it("answers with the provider's page: PKCE, a signed state, and no secret", async () => {
    const client = await createClient();
    const { status, headers, body } = await askToConnect(client, { provider: "microsoft" });
    expect([status, body.expires_in]).toEqual([200, 900]);
    const { origin, pathname, searchParams } = new URL(body.url);
    expect(origin + pathname).toBe("https://nylas.test/v3/connect/auth");
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: "test-client",
      redirect_uri: "https://xabar.test/accounts/connect/callback",
      response_type: "code",
      access_type: "online",
      provider: "microsoft",
      options: "smtp_required",
      state: expect.stringMatching(/^[0-9a-f]{64}$/),
      code_challenge: expect.stringMatching(/^[\w-]{40,}$/),
      code_challenge_method: "s256",
    });
    expect(headers.get("set-cookie")).toMatch(
      /^__Host-connect-[0-9a-f]{16}=[0-9a-f]{64}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(headers.get("cache-control")).toContain("no-store");
  });

  it("lets the owner choose without a provider", async () => {
    const client = await createClient();
    const company_id = String(client.claims.companies[0]);
    const query = new URLSearchParams({ company_id, return_to: "/" });
    const { body } = await client.call("GET", `/accounts/connect?${query}`);
    expect(new URL(body.url).searchParams.has("provider")).toBe(false);
  });
});

describe("a state is refused", () => {
  const ticketOf = async ({ call }: Client): Promise<string> =>
    (await call("POST", "/sse/ticket")).body.ticket;

  it("that is forged, with 400, on both ways", async () => {
    const client = await createClient();
    const { state, cookie } = await beginSignIn(client);
    const last = state.endsWith("0") ? 1 : 0;
    for (const forged of [
      `${state.slice(0, -1)}${last}`,
      `7${state.slice(1)}`,
      "0".repeat(64),
      await ticketOf(client),
    ]) {
      const url = new URL(`https://xabar.test/accounts/connect/callback?code=c&state=${forged}`);
      const refused = { status: 400, body: { detail: `state: ${STALE}` } };
      expect(await comeBack(url, cookie)).toMatchObject(refused);
      expect(await client.call("POST", "/accounts/connect", { code: "c", state: forged })).toMatchObject(
        refused,
      );
    }
    for (const state of ["", "x", "A".repeat(64), "0".repeat(63), "'--"]) {
      const url = new URL(`https://xabar.test/accounts/connect/callback?code=c&state=${state}`);
      expect((await comeBack(url)).status, state).toBe(400);
    }
    expect(await accountsOf(client)).toEqual([]);
  });

  it("that is repeated: the page is told, and nothing changes", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const url = await consent(begun, newAddress());
    const first = toldAt(await landing(url, begun.cookie));
    expect(first).toEqual({ account_id: expect.any(String) });
    expect(toldAt(await landing(url, begun.cookie))).toEqual({ error: "expired", detail: STALE });
    // With a new code, too.
    const again = await consent(begun, newAddress());
    expect(toldAt(await landing(again, begun.cookie))).toEqual({ error: "expired", detail: STALE });
    const code = again.searchParams.get("code");
    const finished = await client.call("POST", "/accounts/connect", { code, state: begun.state });
    expect(finished).toMatchObject({ status: 400, body: { detail: `state: ${STALE}` } });
    expect((await accountsOf(client)).map(({ id }) => id)).toEqual([first.account_id]);
  });

  it("that comes back several times at once, but for one", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const address = newAddress();
    const urls = await Promise.all(Array.from({ length: 4 }, () => consent(begun, address)));
    const told = (await Promise.all(urls.map((url) => landing(url, begun.cookie)))).map(toldAt);
    const connected = told.filter(({ account_id }) => account_id);
    expect(connected).toHaveLength(1);
    expect(told.filter(({ error }) => error === "expired")).toHaveLength(3);
    expect((await accountsOf(client)).map(({ id }) => id)).toEqual([connected[0]?.account_id]);
  });

  it("that has expired: the page is told, and after cron it is 400", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const url = await consent(begun, newAddress());
    setClock(0.26);
    expect(toldAt(await landing(url, begun.cookie))).toEqual({ error: "expired", detail: STALE });
    await cron();
    expect(toldAt(await landing(url, begun.cookie))).toEqual({ error: "expired", detail: STALE });
    setClock(1.3);
    await cron();
    expect(await comeBack(url, begun.cookie)).toMatchObject({
      status: 400,
      body: { detail: `state: ${STALE}` },
    });
    vi.useRealTimers();
    expect(await accountsOf(client)).toEqual([]);
  });
});

describe("a mailbox joins only the company of whoever began its sign-in", () => {
  it("so another browser than the one that began connects nothing, and hands on code and state", async () => {
    const [attacker, victim] = await Promise.all([createClient(), createClient()]);
    // The attacker sends the provider's page to the victim, who has a sign-in of their own under way.
    const begun = await beginSignIn(attacker, { return_to: "http://localhost:5173/mail?tab=1#/boxes" });
    const own = await beginSignIn(victim);
    const url = await consent(begun, newAddress());
    const [name, proof] = begun.cookie.split("=");
    const [, ownProof] = own.cookie.split("=");
    for (const cookie of [
      undefined,
      own.cookie,
      `${name}=${ownProof}`,
      `${name}=`,
      `${name}=${proof?.toUpperCase()}`,
      // As a subdomain of the same site could set it, which cannot set a name with __Host-.
      `planted=${name}=${proof}`,
      `x${name}=${proof}`,
      `${name?.replace("__Host-", "")}=${proof}`,
    ]) {
      const page = await landing(url, cookie);
      expect(page.origin + page.pathname + page.hash).toBe("http://localhost:5173/mail#/boxes");
      const code = url.searchParams.get("code");
      expect(toldAt(page), cookie).toEqual({ tab: "1", code, state: begun.state });
    }
    // The victim's frontend passes them on with the victim's token.
    const { code, state } = toldAt(await landing(url));
    expect(await victim.call("POST", "/accounts/connect", { code, state })).toMatchObject({
      status: 400,
      body: { detail: `state: ${STALE}` },
    });
    for (const client of [attacker, victim]) expect(await accountsOf(client)).toEqual([]);
  });

  it("so a colleague cannot finish it, and it cannot be finished any more", async () => {
    const client = await createClient();
    const colleague = await createClient({ companies: client.claims.companies });
    const begun = await beginSignIn(client);
    const code = (await consent(begun, newAddress())).searchParams.get("code");
    for (const each of [colleague, client]) {
      const answer = await each.call("POST", "/accounts/connect", { code, state: begun.state });
      expect(answer).toMatchObject({ status: 400, body: { detail: `state: ${STALE}` } });
    }
    expect(await accountsOf(client)).toEqual([]);
  });

  it("so a user who has left the company since cannot finish it", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const code = (await consent(begun, newAddress())).searchParams.get("code");
    const { user_id } = client.claims;
    const elsewhere = await createClient({ user_id, companies: [unique()] });
    const answer = await elsewhere.call("POST", "/accounts/connect", { code, state: begun.state });
    expect(answer).toMatchObject({ status: 403, body: { detail: "No access to this company" } });
    expect(await accountsOf(elsewhere)).toEqual([]);
  });

  it("and a code is good only with the state that it was given for", async () => {
    const client = await createClient();
    const [mine, other] = [await beginSignIn(client), await beginSignIn(await createClient())];
    const url = await consent(mine, newAddress());
    url.searchParams.set("code", (await consent(other, newAddress())).searchParams.get("code") ?? "");
    expect(toldAt(await landing(url, mine.cookie))).toEqual({
      error: "invalid",
      detail: expect.stringMatching(/^code: /),
    });
    expect(await accountsOf(client)).toEqual([]);
  });
});

describe("without an account", () => {
  it("the page is told that the owner said no, who may go back and consent", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client, { return_to: "/settings?tab=boxes" });
    const page = await landing(await deny(begun), begun.cookie);
    expect(page.href).toMatch(/^https:\/\/xabar\.test\/settings\?tab=boxes&error=access_denied&detail=/);
    expect(await accountsOf(client)).toEqual([]);
    const url = await consent(begun, newAddress());
    expect(toldAt(await landing(url, begun.cookie))).toMatchObject({ account_id: expect.any(String) });
  });

  it.each(["502html", "503", "500", "reset", "cut-body"])(
    "the page is told that the provider failed (%s), and a new sign-in works",
    async (kind) => {
      const written: unknown[] = [];
      for (const level of ["log", "info", "warn", "error"] as const) {
        vi.spyOn(console, level).mockImplementation((line) => void written.push(line));
      }
      const client = await createClient();
      const begun = await beginSignIn(client);
      const address = newAddress();
      const url = await consent(begun, address);
      await breakRoute("POST /v3/connect/token", kind);
      expect(toldAt(await landing(url, begun.cookie))).toEqual({
        error: "provider_failed",
        detail: expect.stringMatching(/^The mail provider failed: [^<{]+$/),
      });
      const log = written.join("\n");
      expect(log).toContain("connect.failed");
      for (const secret of ["access_token", begun.state, address, url.searchParams.get("code")]) {
        expect(log).not.toContain(secret);
      }
      expect(await signIn(client, address)).toEqual({ account_id: expect.any(String) });
    },
  );

  it("a provider that stalls in its answer ends at the deadline", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const url = await consent(begun, newAddress());
    await breakRoute("POST /v3/connect/token", "hang-body");
    const { setTimeout: wait } = globalThis;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, after = 0) =>
      wait(run, after === 20_000 ? 100 : after)) as never);
    expect(toldAt(await landing(url, begun.cookie))).toMatchObject({ error: "provider_failed" });
  });

  it("finishing with the token is 502 while the provider fails, and 400 with a bad code", async () => {
    const client = await createClient();
    const failing = await beginSignIn(client);
    const code = (await consent(failing, newAddress())).searchParams.get("code");
    await breakRoute("POST /v3/connect/token", "503");
    const failed = await client.call("POST", "/accounts/connect", { code, state: failing.state });
    expect(failed).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining("provider failed") },
    });
    const { state } = await beginSignIn(client);
    const refused = await client.call("POST", "/accounts/connect", { code: "nothing", state });
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/^code: /) } });
  });

  it("the page is told that another company has the address, in the contract's sentence", async () => {
    const [owner, other] = await Promise.all([createClient(), createClient()]);
    const account = await connectMailbox(owner);
    expect(await signIn(other, account.email_address)).toEqual({ error: "invalid", detail: TAKEN });
    expect(await accountsOf(other)).toEqual([]);
    // Its grant goes on working.
    await eventually(async () => {
      expect((await owner.call("GET", `/accounts/${account.id}`)).body.status).toBe("active");
    });
    // A disconnect does not free it for others.
    await owner.call("DELETE", `/accounts/${account.id}`);
    expect(await signIn(other, account.email_address)).toEqual({ error: "invalid", detail: TAKEN });
  });
});

describe("connecting by sign-in", () => {
  const isActive = (client: Client, id: string) =>
    eventually(async () => expect((await client.call("GET", `/accounts/${id}`)).body.status).toBe("active"));

  it("creates an account that reads its history, and receives mail", async () => {
    const client = await createClient();
    const email = newAddress();
    const { account_id: id = "" } = await signIn(client, email, { provider: "icloud" });
    const { body } = await client.call("GET", `/accounts/${id}`);
    expect(body).toMatchObject({ email_address: email, provider: "icloud", display_name: null });
    expect(body.company_id).toBe(client.claims.companies[0]);
    await isActive(client, id);
    await receiveMail({ from: { email: "c@out.example" }, to: [{ email }], subject: "Salom" });
    await eventually(async () => {
      const { body: inbox } = await client.call("GET", `/inbox?account_id=${id}`);
      expect(inbox.items).toMatchObject([{ message: { subject: "Salom" } }]);
    });
  });

  it.each(["google", "microsoft", "icloud", "yahoo", "imap", "ews"])("works with %s", async (provider) => {
    const client = await createClient();
    const { account_id: id } = await signIn(client, newAddress(), { provider });
    expect((await client.call("GET", `/accounts/${id}`)).body).toMatchObject({ provider });
  });

  it("reconnects an address that is disconnected in its company: same id, same mail", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    const to = [{ email: account.email_address }];
    await receiveMail({ from: { email: "c@out.example" }, to, subject: "Old" });
    await eventually(async () => expect((await client.call("GET", "/messages")).body.total).toBe(1));
    await client.call("DELETE", `/accounts/${account.id}`);
    expect(await signIn(client, account.email_address.toUpperCase())).toEqual({ account_id: account.id });
    await isActive(client, account.id);
    expect((await client.call("GET", "/messages")).body.items[0].subject).toBe("Old");
  });

  it.each(["browser", "notification"])(
    "revives a mailbox with an expired grant, if its %s comes first",
    async (first) => {
      const client = await createClient();
      const account = await connectMailbox(client);
      await expireGrant(account.grant_id);
      await notify("grant.expired", { grant_id: account.grant_id, code: 25009 });
      await eventually(async () => {
        expect((await client.call("GET", `/accounts/${account.id}`)).body.status).toBe("disconnected");
      });
      const begun = await beginSignIn(client);
      const url = await consent(begun, account.email_address);
      // Again and again, because of two changes within one second the first one counts.
      await eventually(async () => {
        if (first === "browser") return;
        await notify("grant.updated", {
          grant_id: account.grant_id,
          code: 25027,
          reauthentication_flag: true,
        });
        expect((await client.call("GET", `/accounts/${account.id}`)).body.status).toBe("active");
      });
      expect(toldAt(await landing(url, begun.cookie))).toEqual({ account_id: account.id });
      await isActive(client, account.id);
    },
  );

  it("leaves nothing on the page of what an earlier sign-in has told there", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const refused = await landing(await deny(begun), begun.cookie);
    const again = await beginSignIn(client, { return_to: `${refused.href}&tab=1&code=c&state=s` });
    const page = await landing(await consent(again, newAddress()), again.cookie);
    expect(toldAt(page)).toEqual({ tab: "1", account_id: expect.any(String) });
  });

  it("can be finished with the user's token, once, and repeated under an Idempotency-Key", async () => {
    const client = await createClient();
    const begun = await beginSignIn(client);
    const body = toldAt(await landing(await consent(begun, newAddress())));
    const headers = { "idempotency-key": `connect-${unique()}` };
    const first = await client.call("POST", "/accounts/connect", body, headers);
    expect(first).toMatchObject({ status: 201, body: { status: "syncing" } });
    const replayed = await client.call("POST", "/accounts/connect", body, headers);
    expect(replayed).toMatchObject({ status: 201, body: first.body });
    expect(replayed.headers.get("idempotent-replayed")).toBe("true");
    expect((await client.call("POST", "/accounts/connect", body)).status).toBe(400);
    await isActive(client, first.body.id);
  });

  it("works for several mailboxes at once in one browser, in the companies that were asked for", async () => {
    const [a, b] = [unique(), unique()];
    const client = await createClient({ companies: [a, b] });
    const begun = [
      await beginSignIn(client, { company_id: String(a) }),
      await beginSignIn(client, { company_id: String(b) }),
    ];
    const cookie = begun.map((each) => each.cookie).join("; ");
    const ids: string[] = [];
    for (const each of begun.toReversed()) {
      ids.unshift(toldAt(await landing(await consent(each, newAddress()), cookie)).account_id ?? "");
    }
    const companies = ids.map(async (id) => (await client.call("GET", `/accounts/${id}`)).body.company_id);
    expect(await Promise.all(companies)).toEqual([a, b]);
  });
});
