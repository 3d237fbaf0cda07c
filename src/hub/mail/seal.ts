import { openBytes, sealBytes } from "../../lib/aes-gcm.ts";
import { fromBase64, toBase64 } from "../../lib/base64.ts";
import type { Ctx } from "../context.ts";

const encoder = new TextEncoder();

/**
 * Seals a text for the database by AES-GCM, with a key that follows from HUB_JWT_SECRET.
 * @param id of its row: the sealed text is worthless in another row
 */
export const seal = async (ctx: Ctx, id: string, text: string): Promise<string> =>
  toBase64(await sealBytes(await keyOf(ctx), id, encoder.encode(text)));

/** Opens what `seal` has made. @throws Error if it was sealed with another secret or for another row, or was changed */
export const unseal = async (ctx: Ctx, id: string, sealed: string): Promise<string> =>
  new TextDecoder().decode(await openBytes(await keyOf(ctx), id, fromBase64(sealed)));

async function keyOf({ config }: Ctx): Promise<CryptoKey> {
  const secret = encoder.encode(config.HUB_JWT_SECRET);
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("mail") };
  return crypto.subtle.deriveKey(derivation, base, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}
