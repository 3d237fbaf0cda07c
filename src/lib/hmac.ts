import { toHex } from "./hex.ts";

const encoder = new TextEncoder();

const importKey = (secret: string, usage: "sign" | "verify") =>
  crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [usage]);

/**
 * Checks an HMAC-SHA256 in constant time.
 * @param signature lower- or upper-case hex
 * @returns false also for a signature that is not 64 hex digits
 */
export async function verifyHmac(secret: string, data: BufferSource, signature: string): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const expected = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return crypto.subtle.verify("HMAC", await importKey(secret, "verify"), expected, data);
}

/** HMAC-SHA256 of a text, as lower-case hex. */
export async function hmacHex(secret: string, text: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await importKey(secret, "sign"), encoder.encode(text));
  return toHex(new Uint8Array(signature));
}

/** SHA-256 of a text, as lower-case hex. */
export async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}
