import { env, exports } from "cloudflare:workers";
import { importJWK, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { signToken } from "../support/client.ts";
import { createAccount, emailClient } from "../support/email-client.ts";

const tenant = () => crypto.randomUUID();

async function ask(headers: Record<string, string>) {
  const response = await exports.default.fetch(new Request("https://xabar.test/api/accounts", { headers }));
  // biome-ignore lint/suspicious/noExplicitAny: of several shapes
  return { status: response.status, body: (await response.json()) as any };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("a token", () => {
  it.each([
    ["tenant_id and user_id", { tenant_id: tenant(), user_id: tenant(), role: "user" }],
    ["tenantId and userId", { tenantId: tenant(), userId: tenant(), role: "user" }],
    ["tenant_id and sub", { tenant_id: tenant(), sub: tenant() }],
    ["UUIDs in upper case", { tenant_id: tenant().toUpperCase(), user_id: tenant().toUpperCase() }],
  ])("may name its user by %s", async (_, claims) => {
    expect((await ask(bearer(await signToken(claims)))).status).toBe(200);
  });

  it.each([
    ["without a tenant", { user_id: tenant(), role: "user" }],
    ["without a user", { tenant_id: tenant(), role: "admin" }],
    ["with a user that is no UUID, whatever its sub is", { tenant_id: tenant(), user_id: 7, sub: tenant() }],
    ["with a tenant that is no UUID", { tenant_id: "acme", user_id: tenant() }],
    ["with a role that is no text", { tenant_id: tenant(), user_id: tenant(), role: ["admin"] }],
    ["of the EMS, with a tenant added", { user_id: 7, companies: [1], role: "admin", tenant_id: tenant() }],
  ])("%s is 401", async (_, claims) => {
    expect((await ask(bearer(await signToken(claims)))).status).toBe(401);
  });

  it("that is expired, or signed with another secret, is 401", async () => {
    const claims = { tenant_id: tenant(), user_id: tenant(), role: "user" };
    expect((await ask(bearer(await signToken(claims, Math.floor(Date.now() / 1000) - 1)))).status).toBe(401);
    expect((await ask(bearer(await signToken(claims, "1h", "another secret")))).status).toBe(401);
  });

  it("of the issuer's key set is as good", async () => {
    const key = await importJWK(JSON.parse(env.TEST_ISSUER_KEY));
    const token = await new SignJWT({ tenant_id: tenant(), user_id: tenant(), role: "user" })
      .setProtectedHeader({ alg: "ES256", kid: "test" })
      .setExpirationTime("1h")
      .sign(key);
    expect((await ask(bearer(token))).status).toBe(200);
  });

  it("may come as X-Auth-Token; Authorization comes first, even if it is not valid", async () => {
    const { token } = await emailClient();
    expect((await ask({ "x-auth-token": token })).status).toBe(200);
    expect((await ask({ ...bearer("garbage"), "x-auth-token": token })).status).toBe(401);
    expect((await ask({ authorization: "Basic eA==", "x-auth-token": token })).status).toBe(401);
    expect((await ask({ ...bearer(token), "x-auth-token": "garbage" })).status).toBe(200);
  });
});

describe("X-Tenant-ID and X-User-ID", () => {
  it("alone let nobody in", async () => {
    expect((await ask({ "x-tenant-id": tenant(), "x-user-id": tenant() })).status).toBe(401);
  });

  it("must agree with the token, in either case of letters", async () => {
    const { token, claims } = await emailClient({ role: "admin" });
    const { tenant_id, user_id } = claims;
    const same = { "x-tenant-id": tenant_id.toUpperCase(), "x-user-id": user_id };
    expect((await ask({ ...bearer(token), ...same })).status).toBe(200);
    for (const other of [{ "x-tenant-id": tenant() }, { "x-user-id": tenant() }])
      expect((await ask({ ...bearer(token), ...same, ...other })).status).toBe(401);
  });

  it("must be UUIDs", async () => {
    const { token } = await emailClient();
    for (const name of ["X-Tenant-ID", "X-User-ID"]) {
      const { status, body } = await ask({ ...bearer(token), [name]: "acme" });
      expect([status, body.error, body.message]).toEqual([400, "Bad request", `${name}: must be a UUID`]);
    }
  });

  it("say whom a service acts for, where its token does not", async () => {
    const user = await emailClient();
    await createAccount(user);
    const { tenant_id, user_id } = user.claims;
    const named = { "x-tenant-id": tenant_id, "x-user-id": user_id };
    const service = bearer(await signToken({ role: "service", sub: "a cron job" }));
    expect((await ask({ ...service, ...named })).body.pagination.total).toBe(1);
    expect((await ask(service)).status).toBe(401);
    expect((await ask({ ...service, "x-user-id": user_id })).status).toBe(401);
    const ofTenant = bearer(await signToken({ role: "service", tenant_id: tenant() }));
    expect((await ask({ ...ofTenant, ...named })).status).toBe(401);
  });
});
