import { existsSync, readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import { type JWTPayload, SignJWT } from "jose";
import { localGoogle, signIdToken } from "./google.ts";

export interface TokenRequest {
  user: number;
  companies: number[];
  role: string;
  /** What colleagues see. */
  name?: string;
  /** Hours until the token expires. */
  hours: number;
}

/**
 * Signs a JWT for the Worker: HS256 with the claims `user_id`, `role`, `companies`, `exp`, and
 * `name` if there is one.
 * @throws if the secret is empty
 */
export function signToken(request: TokenRequest, secret: string): Promise<string> {
  const { user, companies, role, name, hours } = request;
  return sign({ user_id: user, role, companies, ...(name === undefined ? {} : { name }) }, hours, secret);
}

/** A token of the Email Service API, where tenants and users are UUIDs. */
export interface TenantTokenRequest {
  tenant: string;
  user: string;
  role: string;
  hours: number;
}

/**
 * Signs a JWT for the Email Service API.
 * @throws if the secret is empty
 */
export function signTenantToken(
  { tenant, user, role, hours }: TenantTokenRequest,
  secret: string,
): Promise<string> {
  return sign({ tenant_id: tenant, user_id: user, role }, hours, secret);
}

/** A token of an operator, who may act for every user of Telegram auto-mailing. */
export interface OperatorTokenRequest {
  operator: true;
  hours: number;
}

/**
 * Signs a JWT with the role `admin`, and with no claim of a user: for operators of Telegram auto-mailing.
 * @throws if the secret is empty
 */
export const signOperatorToken = (hours: number, secret: string): Promise<string> =>
  sign({ sub: "operator", role: "admin" }, hours, secret);

/** An ID token of the stand-in for Google: `POST /api/accounts/auth/oauth2/google/` of UzbekHub takes it. */
export interface GoogleTokenRequest {
  google: string;
  hours: number;
}

const sign = (claims: JWTPayload, hours: number, secret: string): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setExpirationTime(Math.floor(Date.now() / 1000 + hours * 3600))
    .sign(new TextEncoder().encode(secret));

/**
 * Reads a file of KEY="value" lines.
 * @throws if the file cannot be read
 */
export function readDevVars(path: string | URL): Record<string, string> {
  const vars = parseEnv(readFileSync(path, "utf8"));
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, value ?? ""]));
}

/** JWT_SECRET from the environment, else from .dev.vars, else from .dev.vars.example. */
export function jwtSecret(): string {
  const own = new URL("../.dev.vars", import.meta.url);
  const file = existsSync(own) ? own : new URL("../.dev.vars.example", import.meta.url);
  const secret = process.env.JWT_SECRET || readDevVars(file).JWT_SECRET;
  if (!secret) throw new Error("JWT_SECRET is set neither in the environment nor in .dev.vars");
  return secret;
}

const OPTIONS = {
  google: { type: "string" },
  operator: { type: "boolean", default: false },
  tenant: { type: "string" },
  user: { type: "string" },
  companies: { type: "string", default: "1,2" },
  role: { type: "string", default: "admin" },
  name: { type: "string" },
  hours: { type: "string", default: "24" },
} as const;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type AnyRequest = TokenRequest | TenantTokenRequest | GoogleTokenRequest | OperatorTokenRequest;

function readArguments(args: string[]): AnyRequest {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { google, operator, tenant, user = "1", companies, role, name, hours } = values;
  checkShared(role, hours);
  if (operator) return { operator, hours: Number(hours) };
  if (google !== undefined) {
    if (!/^[^\s@]+@[^\s@]+$/.test(google)) throw new Error(`--google must be an e-mail, not "${google}"`);
    return { google, hours: Number(hours) };
  }
  if (tenant !== undefined) {
    for (const [option, value] of Object.entries({ tenant, user }))
      if (!UUID.test(value)) throw new Error(`--${option} must be a UUID, not "${value}"`);
    return { tenant, user, role, hours: Number(hours) };
  }
  if (!/^[1-9]\d{0,14}$/.test(user)) throw new Error(`--user must be a positive whole number, not "${user}"`);
  if (!/^(\d{1,15}(,\d{1,15})*)?$/.test(companies))
    throw new Error(`--companies must be whole numbers with commas between them, not "${companies}"`);
  if (name !== undefined && !/^\s*\S.{0,199}$/.test(name))
    throw new Error("--name must be one line of 1 to 200 characters");
  return {
    user: Number(user),
    companies: companies === "" ? [] : companies.split(",").map(Number),
    role,
    ...(name === undefined ? {} : { name: name.trim() }),
    hours: Number(hours),
  };
}

async function tokenOf(request: AnyRequest): Promise<string> {
  if ("google" in request) return signIdToken(await localGoogle(), request.google, {}, request.hours);
  if ("operator" in request) return signOperatorToken(request.hours, jwtSecret());
  return "tenant" in request ? signTenantToken(request, jwtSecret()) : signToken(request, jwtSecret());
}

function checkShared(role: string, hours: string): void {
  if (role.trim() === "") throw new Error("--role must not be empty");
  if (!(Number(hours) > 0 && Number(hours) <= 24 * 365))
    throw new Error(`--hours must be more than 0 and at most a year, not "${hours}"`);
}

if (import.meta.main) {
  try {
    const request = readArguments(process.argv.slice(2));
    console.log(await tokenOf(request));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
}
