import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
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
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = readRsaKey(privateKey);
    if (key.fingerprint.shiftRightUnsigned(60).isZero()) continue;
    return key;
  }
}

/** @param privateKey such as a PEM of it */
export function readRsaKey(privateKey: KeyObject | string): RsaKey {
  const own = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  const publicKey = createPublicKey(own).export({ type: "pkcs1", format: "pem" }).toString();
  const { fingerprint } = parsePublicKey(createCrypto(), publicKey);
  return { publicKey, fingerprint: Long.fromString(fingerprint, true, 16), privateKey: own };
}

/**
 * Decrypts what a client encrypted with the public key, without looking at its padding.
 * @throws {Error} if it is no number below the modulus
 */
export const decryptRsa = ({ privateKey }: RsaKey, data: Uint8Array): Uint8Array =>
  privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, data);
