import { fromBase64, toBase64 } from "../../lib/base64.ts";
import type { Ctx } from "../context.ts";

const encoder = new TextEncoder();
/** What a key of AES-GCM may be used for with random nonces: NIST SP 800-38D wants 96 bits. */
const NONCE_BYTES = 12;

/**
 * Seals a text for the database by AES-GCM, with a key that follows from HUB_JWT_SECRET.
 * @param id of its row: the sealed text is worthless in another row
 */
export async function seal(ctx: Ctx, id: string, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(algorithm(iv, id), await keyOf(ctx), encoder.encode(text));
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), NONCE_BYTES);
  return toBase64(bytes);
}

/** Opens what `seal` has made. @throws Error if it was sealed with another secret or for another row, or was changed */
export async function unseal(ctx: Ctx, id: string, sealed: string): Promise<string> {
  const bytes = fromBase64(sealed);
  const iv = bytes.subarray(0, NONCE_BYTES);
  const opened = await crypto.subtle.decrypt(
    algorithm(iv, id),
    await keyOf(ctx),
    bytes.subarray(NONCE_BYTES),
  );
  return new TextDecoder().decode(opened);
}

const algorithm = (iv: Uint8Array, id: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: encoder.encode(id),
});

async function keyOf({ config }: Ctx): Promise<CryptoKey> {
  const secret = encoder.encode(config.HUB_JWT_SECRET);
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("mail") };
  return crypto.subtle.deriveKey(derivation, base, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}
