/** NIST SP 800-38D section 8.2.2: random, 96 bits. */
const IV_BYTES = 12;

type Bytes = Uint8Array<ArrayBuffer>;

/** Imports a key of AES-GCM. @param bytes 16 or 32 */
export const aesKey = (bytes: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);

/**
 * Seals bytes by AES-GCM.
 * @param place is authenticated, so that what is sealed for one place opens at no other
 * @returns the initialization vector, and behind it what is sealed
 */
export async function sealBytes(key: CryptoKey, place: string, bytes: Uint8Array): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(algorithm(iv, place), key, bytes);
  const joined = new Uint8Array(IV_BYTES + sealed.byteLength);
  joined.set(iv);
  joined.set(new Uint8Array(sealed), IV_BYTES);
  return joined;
}

/** Opens what `sealBytes` has made. @throws DOMException for another key, another place, or changed bytes */
export async function openBytes(key: CryptoKey, place: string, sealed: Bytes): Promise<Bytes> {
  const iv = sealed.subarray(0, IV_BYTES);
  return new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, place), key, sealed.subarray(IV_BYTES)));
}

const algorithm = (iv: Uint8Array, place: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(place),
});
