import type { Ctx } from "./context.ts";

/** D1 refuses a row over 2 MB and charges 50 times what R2 does for keeping it. */
export const INLINE_BYTES = 64 * 1024;

/**
 * Puts a JSON text into R2 if it is too large for a row: it is there when this returns, before the row that refers
 * to it.
 * @param bytes of the text, in UTF-8
 * @param keyOf names the object, if there is to be one
 * @returns the object's key; null for a text that belongs into the row
 */
export async function overflow(
  { env }: Ctx,
  bytes: Uint8Array,
  keyOf: () => string | Promise<string>,
): Promise<string | null> {
  if (bytes.length <= INLINE_BYTES) return null;
  const key = await keyOf();
  await env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  return key;
}
