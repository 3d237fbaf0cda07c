import { Refused } from "../errors.ts";

/** NIST SP 800-38D section 8.2.2: random, 96 bits. */
const IV_BYTES = 12;

/** The byte that names the key, and the initialization vector. */
const HEAD_BYTES = 1 + IV_BYTES;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Seals a session's key by AES-256-GCM.
 * @param place is authenticated, so that what was sealed for one account or data centre opens at no other
 * @returns a byte that names the key, the initialization vector, and what is sealed
 */
export async function seal(key: Bytes, place: string, bytes: Uint8Array): Promise<Bytes> {
  const sealed = new Uint8Array(HEAD_BYTES + bytes.length + 16);
  sealed[0] = await nameOf(key);
  const iv = crypto.getRandomValues(sealed.subarray(1, HEAD_BYTES));
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  sealed.set(new Uint8Array(await crypto.subtle.encrypt(algorithm(iv, place), aes, bytes)), HEAD_BYTES);
  return sealed;
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
  const iv = sealed.subarray(1, HEAD_BYTES);
  for (const [at, key] of keys.entries()) {
    if (sealed[0] !== (await nameOf(key))) continue;
    const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    try {
      const bytes = await crypto.subtle.decrypt(algorithm(iv, place), aes, sealed.subarray(HEAD_BYTES));
      return { bytes: new Uint8Array(bytes), isCurrent: at === 0 };
    } catch {
      // Another key may have the same name.
    }
  }
  throw new Refused("unavailable", "No TELEGRAM_SESSION_KEY opens the session of this account");
}

const algorithm = (iv: Uint8Array, place: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(place),
});

const nameOf = async (key: Bytes): Promise<number> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", key))[0] ?? 0;
