import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from "node:crypto";
import { Long } from "@mtcute/core";
import { parsePublicKey } from "@mtcute/core/utils.js";
import { createCrypto } from "./crypto.ts";

/** The key that clients check a data centre by. */
export interface RsaKey {
  /** For clients: PEM, PKCS #1. */
  publicKey: string;
  fingerprint: Long;
  privateKey: KeyObject;
}

/** Makes an RSA key. mtcute does not find one whose fingerprint starts with a zero in hex, so no such is made. */
export function createRsaKey(): RsaKey {
  for (;;) {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "pkcs1", format: "pem" }).toString();
    const { fingerprint } = parsePublicKey(createCrypto(), pem);
    if (fingerprint.startsWith("0")) continue;
    return { publicKey: pem, fingerprint: Long.fromString(fingerprint, true, 16), privateKey };
  }
}

/**
 * Decrypts what a client encrypted with the public key, without looking at its padding.
 * @throws {Error} if it is no number below the modulus
 */
export const decryptRsa = ({ privateKey }: RsaKey, data: Uint8Array): Uint8Array =>
  privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, data);
