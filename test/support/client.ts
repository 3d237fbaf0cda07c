import { env, exports } from "cloudflare:workers";
import { SignJWT } from "jose";
import { expect } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { companiesSeen } from "./companies.ts";
import { createGrant, eventually } from "./nylas.ts";

export interface Claims {
  user_id: number;
  role: string;
  companies: number[];
  name?: string;
}

let next = Math.floor(Math.random() * 1e9);

/** A number that no other test uses, for a company, user or address. */
export const unique = (): number => next++;

export const signToken = (
  claims: object,
  expires: string | number = "1h",
  secret = env.JWT_SECRET,
): Promise<string> => {
  if ("companies" in claims) for (const id of [claims.companies].flat()) companiesSeen.add(Number(id));
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
};

/** A response and its JSON. */
export interface Answered<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** An API user with its own token. */
export interface Client {
  claims: Claims;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
  call<T = any>(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Answered<T>>;
}

export async function createClient(claims: Partial<Claims> = {}): Promise<Client> {
  const full = { user_id: unique(), role: "admin", companies: [unique()], ...claims };
  const token = await signToken(full);
  return {
    claims: full,
    token,
    call: (method, path, body, headers) => call(token, method, path, body, headers),
  };
}

/** Calls the Worker. */
export async function call<T>(
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: HeadersInit = {},
): Promise<Answered<T>> {
  const request = new Request(`https://xabar.test${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...Object.fromEntries(new Headers(headers)),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const response = await exports.default.fetch(request);
  const text = await response.text();
  const json = text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body: json };
}

/** Connects a mailbox to the client's first company, and reads its (empty) history. */
export async function connectMailbox(
  client: Client,
  options: { provider?: string; company_id?: number; email?: string; sync?: boolean } = {},
): Promise<AccountResponse & { grant_id: string }> {
  const email_address = options.email ?? `box${unique()}@demo.example`;
  const grant = await createGrant(email_address, options.provider);
  const company_id = options.company_id ?? client.claims.companies[0];
  const created = await client.call<AccountResponse>("POST", "/accounts/", {
    company_id,
    email_address,
    grant_id: grant.id,
  });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  await eventually(async () => {
    const { body } = await client.call("GET", `/accounts/${created.body.id}`);
    expect(body.status).toBe("active");
  });
  return { ...created.body, grant_id: grant.id };
}
