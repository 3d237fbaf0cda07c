import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/email-service/routes.ts";
import {
  accountInput,
  createAccount,
  type EmailClient,
  emailClient,
  inMailbox,
} from "../support/email-client.ts";
import { silenceLog } from "../support/log-check.ts";

const input = (changes: object = {}) => {
  const { password: _, ...rest } = accountInput(changes);
  return rest;
};

/** Begins a sign-in. @returns the state, and the cookie as a browser would send it */
async function begin(client: EmailClient, changes: object = {}) {
  const { status, body, headers } = await client.call("POST", "/oauth/google/start", input(changes));
  expect(status, JSON.stringify(body)).toBe(200);
  const consent = new URL(body.url);
  const [cookie = ""] = (headers.get("set-cookie") ?? "").split(";");
  return {
    consent,
    cookie,
    flags: headers.get("set-cookie"),
    state: consent.searchParams.get("state") ?? "",
  };
}

const back = (query: Record<string, string>, cookie = ""): Promise<Response> =>
  exports.default.fetch(
    new Request(`https://xabar.test/oauth/google/callback?${new URLSearchParams(query)}`, {
      redirect: "manual",
      headers: cookie ? { cookie: `other=1; ${cookie}; more=2` } : {},
    }),
  );

const jsonOf = async (response: Response) => ({
  status: response.status,
  // biome-ignore lint/suspicious/noExplicitAny: of several shapes
  body: (await response.json()) as any,
});

describe("connecting by a sign-in", () => {
  it("creates the account of the user who began, with the tokens in the mailbox alone", async () => {
    const client = await emailClient();
    const { consent, cookie, flags, state } = await begin(client);
    expect(consent.searchParams.get("redirect_uri")).toBe("https://xabar.test/oauth/google/callback");
    expect(flags).toMatch(/^__Host-mailbox-.*; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/);
    expect((await client.call("GET", "/api/accounts")).body.accounts, "nothing yet").toEqual([]);
    const { status, body } = await jsonOf(await back({ state, code: "good" }, cookie));
    expect([status, body.auth]).toEqual([200, { type: "oauth2", provider: "google" }]);
    expect(body).toMatchObject({ tenantId: client.claims.tenant_id, userId: client.claims.user_id });
    expect(JSON.stringify(body)).not.toContain("refresh-good");
    expect(await inMailbox(body.id, ({ secrets }) => secrets)).toEqual({ refreshToken: "refresh-good" });
    expect((await client.call("GET", `/api/accounts/${body.id}`)).status).toBe(200);
  });

  it.each([
    ["no cookie", () => ""],
    ["a cookie of another sign-in", (_: string, other: string) => other],
    ["a changed cookie", (own: string) => own.replace(/.$/, (last) => (last === "0" ? "1" : "0"))],
    [
      "a cookie for another user",
      (own: string) => {
        const [name, text = "", mac] = own.split(/=|\./);
        const begun = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
        begun.owner.userId = crypto.randomUUID();
        return `${name}=${btoa(JSON.stringify(begun)).replaceAll("=", "")}.${mac}`;
      },
    ],
  ])("with %s is refused, and connects nothing", async (_, cookieOf) => {
    const client = await emailClient();
    const { state, cookie } = await begin(client);
    const other = (await begin(await emailClient())).cookie;
    const { status, body } = await jsonOf(await back({ state, code: "good" }, cookieOf(cookie, other)));
    expect([status, body.message]).toEqual([400, expect.stringContaining("unknown, used or expired")]);
    expect((await client.call("GET", "/api/accounts")).body.accounts).toEqual([]);
  });

  it("works once, and for 15 minutes", async () => {
    const client = await emailClient();
    const late = await begin(client);
    vi.useFakeTimers({ now: Date.now() + 901_000, toFake: ["Date"] });
    expect((await back({ state: late.state, code: "good" }, late.cookie)).status).toBe(400);
    vi.useRealTimers();
    const { state, cookie } = await begin(client);
    expect((await back({ state, code: "good" }, cookie)).status).toBe(200);
    expect((await back({ state, code: "good" }, cookie)).status).toBe(400);
  });

  it("that the mailbox's owner or the provider refuses says so", async () => {
    const client = await emailClient();
    const denied = await begin(client);
    const answer = await jsonOf(await back({ state: denied.state, error: "access_denied" }, denied.cookie));
    expect([answer.status, answer.body.code]).toEqual([400, "ACCESS_DENIED"]);
    const bad = await begin(client);
    const refused = await jsonOf(await back({ state: bad.state, code: "bad" }, bad.cookie));
    expect([refused.status, refused.body.code]).toEqual([400, "OAUTH_FAILED"]);
  });

  it("goes back to the page that began it, with the account or the error", async () => {
    silenceLog();
    const client = await emailClient();
    const good = await begin(client, { returnTo: "/mailboxes?tab=1&accountId=x" });
    const response = await back({ state: good.state, code: "good" }, good.cookie);
    const target = new URL(response.headers.get("location") ?? "");
    expect([response.status, target.pathname]).toEqual([302, "/mailboxes"]);
    const { body } = await client.call("GET", "/api/accounts");
    expect(Object.fromEntries(target.searchParams)).toEqual({ tab: "1", accountId: body.accounts[0].id });
    const bad = await begin(client, { returnTo: "/mailboxes" });
    const refused = await back({ state: bad.state, code: "bad" }, bad.cookie);
    const { searchParams } = new URL(refused.headers.get("location") ?? "");
    expect(searchParams.get("error")).toBe("OAUTH_FAILED");
  });

  it.each(["https://evil.example/", "//evil.example/", "javascript:alert(1)", "blob:https://xabar.test/x"])(
    "does not go back to %s",
    async (returnTo) => {
      const client = await emailClient();
      const { status, body } = await client.call("POST", "/oauth/google/start", input({ returnTo }));
      expect([status, body.message]).toEqual([400, expect.stringContaining("returnTo")]);
    },
  );

  it("is 409 for an address that the tenant has, before and after the consent", async () => {
    const client = await emailClient();
    const { state, cookie } = await begin(client, { emailAddress: "both@demo.example" });
    await createAccount(await emailClient({ tenant_id: client.claims.tenant_id }), {
      emailAddress: "both@demo.example",
    });
    const { status, body } = await jsonOf(await back({ state, code: "good" }, cookie));
    expect([status, body.code]).toEqual([409, "EMAIL_DUPLICATE"]);
    const mailbox = state.slice(0, 25);
    expect(await inMailbox(mailbox, ({ secrets, state }) => [secrets, state.state])).toEqual([{}, "closed"]);
    const again = await client.call(
      "POST",
      "/oauth/google/start",
      input({ emailAddress: "both@demo.example" }),
    );
    expect(again.status).toBe(409);
  });

  it("needs a secret to sign with", async () => {
    const on = { ...env, JWT_SECRET: "", METRICS_TOKEN: "" };
    const execution = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as never;
    const request = new Request("https://xabar.test/oauth/google/callback?state=x&code=y");
    const response = await app.fetch(request, on as never, execution);
    expect(response.status).toBe(503);
    await response.text();
  });
});
