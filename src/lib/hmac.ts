import { toHex } from "./hex.ts";

const encoder = new TextEncoder();

const keys = new Map<string, Promise<CryptoKey>>();

type Usage = "sign" | "verify";

/** Imports bytes as an HMAC-SHA256 key. */
export const importHmacKey = (bytes: BufferSource, usage: Usage): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [usage]);

/** Imports a secret as an HMAC-SHA256 key, once per isolate: the import costs as much as a signature. */
export function hmacKey(secret: string, usage: Usage): Promise<CryptoKey> {
  const name = `${usage} ${secret}`;
  const known = keys.get(name);
  if (known) return known;
  const key = importHmacKey(encoder.encode(secret), usage);
  keys.set(name, key);
  return key;
}

/**
 * Verifies an HMAC-SHA256 in constant time.
 * @param key a secret, or what `importHmacKey` makes
 * @param signature lower- or upper-case hex
 * @returns false also for a signature that is not 64 hex digits
 */
export async function verifyHmac(
  key: string | CryptoKey,
  data: BufferSource,
  signature: string,
): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const expected = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const imported = typeof key === "string" ? await hmacKey(key, "verify") : key;
  return crypto.subtle.verify("HMAC", imported, expected, data);
}

/** HMAC-SHA256 of bytes by a key of bytes. */
export const hmacBytes = async (key: BufferSource, data: BufferSource): Promise<ArrayBuffer> =>
  crypto.subtle.sign("HMAC", await importHmacKey(key, "sign"), data);

/** HMAC-SHA256 of a text, as lower-case hex. */
export async function hmacHex(secret: string, text: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await hmacKey(secret, "sign"), encoder.encode(text));
  return toHex(new Uint8Array(signature));
}

/** SHA-256 of a text, as lower-case hex. */
export async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

/** Compares a secret with a caller's guess. The duration does not reveal where they differ. */
export function isSameText(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  return left.byteLength === right.byteLength && crypto.subtle.timingSafeEqual(left, right);
}
