import { aesKey, openBytes, sealBytes } from "../../lib/aes-gcm.ts";
import { Refused } from "../errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Seals a session's key by AES-256-GCM.
 * @param place is authenticated, so that what was sealed for one account or data centre opens at no other
 * @returns a byte that names the key, and behind it what `sealBytes` makes
 */
export async function seal(key: Bytes, place: string, bytes: Uint8Array): Promise<Bytes> {
  const sealed = await sealBytes(await aesKey(key), place, bytes);
  return Uint8Array.of(await nameOf(key), ...sealed);
}

/**
 * Opens what was sealed.
 * @param keys the current one, and those before
 * @returns the bytes, and whether the current key has sealed them
 * @throws Refused `unavailable` if none of the keys opens it
 */
export async function open(
  keys: Bytes[],
  place: string,
  sealed: Bytes,
): Promise<{ bytes: Bytes; isCurrent: boolean }> {
  for (const [at, key] of keys.entries()) {
    if (sealed[0] !== (await nameOf(key))) continue;
    const aes = await aesKey(key);
    try {
      return { bytes: await openBytes(aes, place, sealed.subarray(1)), isCurrent: at === 0 };
    } catch {
      // Another key may have the same name.
    }
  }
  throw new Refused("unavailable", "No TELEGRAM_SESSION_KEY opens the session of this account");
}

const nameOf = async (key: Bytes): Promise<number> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", key))[0] ?? 0;
