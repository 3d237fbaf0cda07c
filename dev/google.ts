import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";

// A stand-in for Google as issuer of ID tokens: `npm run dev` serves its keys, `npm run token -- --google a@b.c` signs.

/** What `npm run dev` sets as HUB_GOOGLE_CLIENT_IDS. */
export const CLIENT_ID = "local.apps.googleusercontent.com";

const KEY_FILE = fileURLToPath(new URL("../.wrangler/google.json", import.meta.url));

/** An issuer with one RSA key. */
export interface Google {
  /** Its key set, as HUB_GOOGLE_JWKS_URL answers it. */
  jwks: { keys: JWK[] };
  privateKey: JWK;
}

/** Makes an issuer with a new key. */
export async function createGoogle(): Promise<Google> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return issuerOf({ ...(await exportJWK(privateKey)), kid: "google", alg: "RS256" });
}

/** The issuer of this checkout: its key is made once, and is shared by `npm run dev` and `npm run token`. */
export async function localGoogle(file = KEY_FILE): Promise<Google> {
  const { privateKey } = await createGoogle();
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, JSON.stringify(privateKey), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return issuerOf(JSON.parse(readFileSync(file, "utf8")));
}

function issuerOf(privateKey: JWK): Google {
  const { kty, n, e, kid, alg } = privateKey;
  return { privateKey, jwks: { keys: [{ kty, n, e, kid, alg, use: "sig" } as JWK] } };
}

/**
 * Signs an ID token of an e-mail, as Google does after a sign-in.
 * @param claims replace the usual ones
 */
export async function signIdToken(
  { privateKey }: Google,
  email: string,
  claims: JWTPayload = {},
  hours = 1,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = {
    iss: "https://accounts.google.com",
    aud: CLIENT_ID,
    sub: subjectOf(email),
    email,
    email_verified: true,
    iat: now,
    exp: Math.floor(now + hours * 3600),
  };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "google", typ: "JWT" })
    .sign(await importJWK(privateKey, "RS256"));
}

/** The same number for the same e-mail. */
const subjectOf = (email: string): string =>
  [...email.toLowerCase()]
    .reduce((sum, letter) => (sum * 31n + BigInt(letter.codePointAt(0)!)) % 10n ** 21n, 7n)
    .toString()
    .padStart(21, "1");

/** Serves the key set. @returns its URL, and the server to close */
export async function serveGoogle({ jwks }: Google, port = 0): Promise<{ url: string; server: Server }> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/v3/certs`, server };
}
