import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  SignJWT,
} from "jose";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { unique } from "../support/client.ts";

const CLAIMS = { user_id: 7, role: "admin", companies: [1, 2] };
const SECRET = new TextEncoder().encode(env.JWT_SECRET);
const ISSUER = JSON.parse(env.TEST_ISSUER_KEY);
const now = () => Math.floor(Date.now() / 1000);

type Key = Parameters<SignJWT["sign"]>[0];
interface Token {
  claims?: object;
  header?: JWTHeaderParameters;
  key?: Key;
}

/** A valid token, except for the given parts. */
const sign = ({ claims, header, key }: Token = {}): Promise<string> =>
  new SignJWT({ ...CLAIMS, exp: now() + 60, ...claims })
    .setProtectedHeader(header ?? { alg: "HS256" })
    .sign(key ?? SECRET);

const signIssued = async ({ claims, header, key }: Token = {}): Promise<string> =>
  sign({
    ...(claims ? { claims } : {}),
    header: header ?? { alg: "ES256", kid: "test" },
    key: key ?? (await importJWK(ISSUER)),
  });

const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));

/** A token that no library would create: any header, payload and signature. */
const forge = (header: unknown, payload: unknown = { ...CLAIMS, exp: now() + 60 }, signature = "") =>
  `${encode(header)}.${encode(payload)}.${signature}`;

async function call(authorization?: string | [string, string]): Promise<Response> {
  const headers = new Headers();
  for (const value of [authorization ?? []].flat()) headers.append("authorization", value);
  return exports.default.fetch("https://xabar.test/companies", { headers });
}

async function expectRefused(token: string): Promise<void> {
  const response = await call(`Bearer ${token}`);
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ detail: "Invalid or expired token" });
}

async function expectAccepted(token: string): Promise<void> {
  const response = await call(`Bearer ${token}`);
  expect(response.status).toBe(200);
}

describe("a token is refused", () => {
  it("once it has expired, although it was accepted before", async () => {
    const token = await sign({ claims: { exp: now() + 60 } });
    await expectAccepted(token);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    try {
      await expectRefused(token);
    } finally {
      vi.useRealTimers();
    }
  });

  it("with another signature than the one that was accepted", async () => {
    const token = await sign();
    await expectAccepted(token);
    await expectRefused(token.slice(0, token.lastIndexOf(".") + 1));
    await expectRefused(`${token}A`);
  });

  it("by another configuration, although it was accepted before", async () => {
    const token = await sign();
    await expectAccepted(token);
    const request = new Request("https://xabar.test/companies", {
      headers: { authorization: `Bearer ${token}` },
    });
    const other = { ...env, JWT_SECRET: `${env.JWT_SECRET}x` };
    expect((await app.fetch(request, other, createExecutionContext())).status).toBe(401);
  });

  it("without a signature", async () => {
    await expectRefused(forge({ alg: "none" }));
    await expectRefused(forge({ alg: "None", typ: "JWT" }));
    await expectRefused(forge({}));
    await expectRefused(forge({ alg: null }));
    await expectRefused(forge({ alg: ["HS256"] }));
    await expectRefused(forge({ alg: "HS256" }));
    await expectRefused(forge({ alg: "ES256", kid: "test" }));
  });

  it("with an algorithm that is not allowed, even with the right key", async () => {
    await expectRefused(await sign({ header: { alg: "HS512" }, key: new Uint8Array(64).fill(1) }));
    await expectRefused(await sign({ header: { alg: "HS512" } }));
    await expectRefused(await sign({ header: { alg: "HS384" } }));
  });

  it("signed with another secret", async () => {
    await expectRefused(await sign({ key: new TextEncoder().encode(`${env.JWT_SECRET}x`) }));
    await expectRefused(await sign({ key: new TextEncoder().encode(env.JWT_SECRET.slice(1)) }));
  });

  it("signed with a foreign key of the issuer's type and kid", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    await expectRefused(await signIssued({ key: privateKey }));
  });

  it("that includes its own key", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    await expectRefused(await signIssued({ header: { alg: "ES256", kid: "test", jwk }, key: privateKey }));
    const jku = "https://elsewhere.example/jwks.json";
    await expectRefused(await signIssued({ header: { alg: "ES256", kid: "test", jku }, key: privateKey }));
  });

  it("signed with HS256 and the issuer's public key as the secret", async () => {
    const { d: _private, ...publicJwk } = ISSUER;
    const publicKey = (await importJWK(publicJwk, "ES256", { extractable: true })) as CryptoKey;
    const spki = await exportSPKI(publicKey);
    for (const text of [JSON.stringify(publicJwk), spki, spki.trim(), publicJwk.x]) {
      const key = new TextEncoder().encode(text);
      await expectRefused(await sign({ header: { alg: "HS256", kid: "test" }, key }));
    }
  });

  it("with an unknown kid", async () => {
    await expectRefused(await signIssued({ header: { alg: "ES256", kid: "other" } }));
  });

  it("with the issuer's kid and an algorithm that its key does not support", async () => {
    for (const alg of ["RS256", "PS256", "ES384", "EdDSA", "constructor", ""]) {
      await expectRefused(forge({ alg, kid: "test" }, undefined, base64url.encode(new Uint8Array(64))));
    }
  });

  it("after its expiry", async () => {
    await expectRefused(await sign({ claims: { exp: now() - 1 } }));
    await expectRefused(await signIssued({ claims: { exp: now() - 1 } }));
  });

  it("without an expiry, or with one that is not a number", async () => {
    await expectRefused(await sign({ claims: { exp: undefined } }));
    await expectRefused(await signIssued({ claims: { exp: undefined } }));
    for (const exp of ["soon", null, String(now() + 60), [now() + 60]]) {
      await expectRefused(await sign({ claims: { exp } }));
    }
  });

  it("before its start", async () => {
    await expectRefused(await sign({ claims: { nbf: now() + 600 } }));
    await expectRefused(await signIssued({ claims: { nbf: now() + 600 } }));
  });

  it.each([
    ["user_id", [undefined, null, "7", 7.5, [7], true, 2 ** 53, {}]],
    ["role", [undefined, null, 1, ["admin"], {}]],
    ["companies", [undefined, null, 1, "1", { 0: 1 }, ["1"], [1.5], [1, null], [[1]], [2 ** 53]]],
  ])("with a missing or malformed %s", async (claim, values) => {
    for (const value of values) await expectRefused(await sign({ claims: { [claim]: value } }));
  });

  it("with other text before or after it", async () => {
    const token = await sign();
    for (const bad of [`${token}x`, `${token}.`, `${token} x`, `${token},`, `x${token}`, `"${token}"`]) {
      await expectRefused(bad);
    }
  });

  it("that is truncated, or has a replaced part", async () => {
    const [header, payload, signature] = (await sign()).split(".");
    const other = encode({ ...CLAIMS, companies: [1, 2, 3], exp: now() + 60 });
    await expectRefused(`${header}.${other}.${signature}`);
    await expectRefused(`${header}.${payload}`);
    await expectRefused(`${header}.${payload}.`);
    await expectRefused(`${header}..${signature}`);
    await expectRefused(`.${payload}.${signature}`);
    await expectRefused(`${header}.${payload}.${signature?.slice(0, -4)}`);
    await expectRefused("..");
  });

  it("with parts that are not JSON objects", async () => {
    for (const part of ["null", "[]", "1", '"x"', "{"]) {
      const encoded = base64url.encode(part);
      await expectRefused(`${encoded}.${encode(CLAIMS)}.AAAA`);
      await expectRefused(`${encode({ alg: "HS256" })}.${encoded}.AAAA`);
    }
  });

  it("with critical extensions", async () => {
    await expectRefused(forge({ alg: "HS256", crit: ["x"], x: 1 }, undefined, "AAAA"));
    await expectRefused(forge({ alg: "HS256", crit: ["b64"], b64: false }, undefined, "AAAA"));
  });
});

describe("an Authorization header is refused", () => {
  it("with two tokens, even if both are valid", async () => {
    const bearer = `Bearer ${await sign()}`;
    expect((await call([bearer, bearer])).status).toBe(401);
    expect((await call([bearer, "Bearer garbage"])).status).toBe(401);
  });

  it("without a scheme, or with another scheme", async () => {
    const token = await sign();
    for (const header of [token, `Token ${token}`, `Bearer${token}`, `Bearer: ${token}`, "Bearer"]) {
      expect((await call(header)).status, header.slice(0, 10)).toBe(401);
    }
  });

  it("if it is absent, even if a cookie or the query has the token", async () => {
    const token = await sign();
    const request = new Request(`https://xabar.test/companies?token=${token}&access_token=${token}`, {
      headers: { cookie: `token=${token}` },
    });
    expect((await exports.default.fetch(request)).status).toBe(401);
  });
});

describe("the stream", () => {
  const stream = (query: string, headers = {}) =>
    exports.default.fetch(new Request(`https://xabar.test/sse/events${query}`, { headers }));

  it("is 401 without a valid token in its query", async () => {
    const expired = await sign({ claims: { exp: now() - 1 } });
    for (const query of ["", "?token=", "?token=garbage", `?token=${expired}`, `?token=${forge({})}`]) {
      const response = await stream(query);
      expect(response.status, query.slice(0, 20)).toBe(401);
      expect(await response.json()).toEqual({ detail: "Invalid or expired token" });
    }
  });

  it("is 401 if the first of two tokens is invalid", async () => {
    expect((await stream(`?token=garbage&token=${await sign()}`)).status).toBe(401);
  });

  it("opens with a valid token", async () => {
    for (const token of [await sign({ claims: { user_id: unique() } }), await signIssued()]) {
      const response = await stream(`?token=${token}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
      await response.body?.cancel();
    }
  });
});

describe("where an issuer and an audience are set", () => {
  const demanding = { ...env, JWT_ISSUER: "https://issuer.test/", JWT_AUDIENCE: "xabar" };
  const statusOf = async (token: string): Promise<number> => {
    const request = new Request("https://xabar.test/companies", {
      headers: { authorization: `Bearer ${token}` },
    });
    return (await app.fetch(request, demanding, createExecutionContext())).status;
  };
  const good = { iss: "https://issuer.test/", aud: ["other", "xabar"] };

  it.each([
    ["without either", { iss: undefined, aud: undefined }],
    ["of another issuer", { iss: "https://issuer.test" }],
    ["for another audience", { aud: "xabar2" }],
    ["for no audience", { aud: [] }],
  ])("a token %s is refused, for either kind of key", async (_, claims) => {
    expect(await statusOf(await sign({ claims: { ...good, ...claims } }))).toBe(401);
    expect(await statusOf(await signIssued({ claims: { ...good, ...claims } }))).toBe(401);
  });

  it("a token of that issuer for that audience is accepted", async () => {
    expect(await statusOf(await sign({ claims: good }))).toBe(200);
    expect(await statusOf(await signIssued({ claims: good }))).toBe(200);
  });
});

describe("a token is accepted", () => {
  it("signed with the shared secret", async () => expectAccepted(await sign()));

  it("signed by the issuer, with fetched keys", async () => expectAccepted(await signIssued()));

  it("signed by the issuer without a kid, if the issuer has one key", async () =>
    expectAccepted(await signIssued({ header: { alg: "ES256" } })));

  it("with unknown claims", async () =>
    expectAccepted(await sign({ claims: { iss: "x", aud: ["y"], iat: now(), extra: { a: 1 } } })));

  it("after a lower-case scheme and several spaces", async () => {
    const token = await sign();
    expect((await call(`bearer ${token}`)).status).toBe(200);
    expect((await call(`BEARER   ${token}`)).status).toBe(200);
  });

  it("without companies", async () => {
    const response = await call(`Bearer ${await sign({ claims: { companies: [] } })}`);
    expect(await response.json()).toEqual([]);
  });

  it("with several hundred companies, without duplicates", async () => {
    const ids = Array.from({ length: 400 }, (_, at) => 1_000_000 + at);
    const response = await call(`Bearer ${await sign({ claims: { companies: [...ids, ...ids] } })}`);
    const companies = (await response.json()) as { id: number }[];
    expect(companies.map(({ id }) => id)).toEqual(ids);
  });
});
