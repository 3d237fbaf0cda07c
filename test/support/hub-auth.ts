import { env } from "cloudflare:workers";
import { importJWK, type JWTPayload, SignJWT } from "jose";
import { type Answered, call, unique } from "./client.ts";
import { lastMailTo } from "./hub-mail.ts";

export const PASSWORD = "correct horse battery";

/** An address that nobody else in the tests has. */
export const newAddress = (): string =>
  [10, ...crypto.getRandomValues(new Uint8Array(3))].map(String).join(".");

export const newEmail = (): string => `auth${unique()}@hub.example`;

/** Calls an open route of the sign-in, from an address. */
// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
export function auth<T = any>(
  path: string,
  body: unknown,
  from = newAddress(),
  headers: Record<string, string> = {},
): Promise<Answered<T>> {
  return call(null, "POST", `/api/accounts/auth/${path}`, body, { "cf-connecting-ip": from, ...headers });
}

/** Begins a sign-up. */
export const begin = (email: string, from = newAddress(), password = PASSWORD) =>
  auth("signup/", { email, password, confirm_password: password }, from);

/** The code of the newest mail to an e-mail. */
export async function codeOf(email: string): Promise<string> {
  const { kind, values } = await lastMailTo(email);
  if (kind !== "signup-code") throw new Error(`the newest mail is ${kind}`);
  return values.code!;
}

/** Another code of five digits. */
export const otherThan = (code: string, by = 1): string =>
  String((Number(code) + by) % 100_000).padStart(5, "0");

/** Signs up and verifies. @returns the e-mail */
export async function register(password = PASSWORD): Promise<string> {
  const email = newEmail();
  await begin(email, newAddress(), password);
  const { status } = await auth("email-verify/", { code: await codeOf(email), email });
  if (status !== 200) throw new Error(`verify: ${status}`);
  return email;
}

export const signIn = (email: string, password = PASSWORD, from = newAddress()) =>
  auth("signin/", { email, password }, from);

/** An ID token of the stand-in for Google: see dev/google.ts. */
export async function idToken(claims: JWTPayload, header: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    iss: "https://accounts.google.com",
    aud: "local.apps.googleusercontent.com",
    email_verified: true,
    iat: now,
    exp: now + 3600,
  };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "google", ...header })
    .sign(await importJWK(JSON.parse(env.TEST_GOOGLE_KEY), "RS256"));
}
