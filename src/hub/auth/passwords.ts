import { fromBase64, toBase64 } from "../../lib/base64.ts";
import { argon2id, type Cost } from "./argon2.ts";

/** OWASP's setting: 19 MiB, 2 passes. */
const COST: Cost = { memory: 19_456, passes: 2, lanes: 1 };
const SALT_BYTES = 16;

/** Workers refuse PBKDF2 above this. */
const MAX_ROUNDS = 100_000;

const PREFIX = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.lanes}$`;
const ARGON2 = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([\w+/-]{11,88})\$([\w+/-]{43})$/;
const DJANGO = /^pbkdf2_sha256\$(\d{1,7})\$([^$]{1,128})\$([\w+/-]{43}=)$/;

/** Hashes a password with a new salt. @returns a PHC string */
export async function hashPassword(text: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return `${PREFIX}${encode(salt)}$${encode(await argon2id(text, salt, COST))}`;
}

/**
 * Compares a password with a hash: a PHC string of argon2id, or Django's `pbkdf2_sha256` of up to 100,000 rounds.
 * @param hash null for nobody, or for somebody without a password: it then takes as long, and the answer is false
 */
export async function verifyPassword(text: string, hash: string | null): Promise<boolean> {
  const found = ARGON2.exec(hash ?? "");
  if (found) {
    const [, memory, passes, lanes, salt = "", expected = ""] = found;
    const cost = { memory: Number(memory), passes: Number(passes), lanes: Number(lanes) };
    return isSame(await argon2id(text, fromBase64(salt), cost), fromBase64(expected));
  }
  const [, rounds, salt = "", expected = ""] = DJANGO.exec(hash ?? "") ?? [];
  if (rounds && Number(rounds) <= MAX_ROUNDS)
    return isSame(await pbkdf2(text, salt, Number(rounds)), fromBase64(expected));
  await argon2id(text, new Uint8Array(SALT_BYTES), COST);
  return false;
}

/** True for a hash of another kind or cost than new ones have: hash the password again once somebody signs in by it. */
export const needsRehash = (hash: string): boolean => !hash.startsWith(PREFIX);

async function pbkdf2(text: string, salt: string, iterations: number): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(text), "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: encoder.encode(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

const encode = (bytes: Uint8Array): string => toBase64(bytes).replaceAll("=", "");

const isSame = (left: Uint8Array, right: Uint8Array): boolean =>
  left.byteLength === right.byteLength && crypto.subtle.timingSafeEqual(left, right);
