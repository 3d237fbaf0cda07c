import type { ICryptoProvider } from "@mtcute/core/utils.js";
import { factorizePQSync } from "@mtcute/core/utils.js";
import * as wasm from "@mtcute/wasm";
import module from "@mtcute/wasm/mtcute-simd.wasm";
import { hmacBytes } from "../../lib/hmac.ts";

/** What `getRandomValues` fills at once, in bytes. */
const RANDOM_BYTES = 65_536;

const HASHES: Record<string, string> = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" };

/** What mtcute computes with: WebAssembly where it wants answers at once, else the runtime. */
export function createCrypto(): ICryptoProvider {
  wasm.initSync(module);
  const crypto: ICryptoProvider = {
    sha1: wasm.sha1,
    sha256: wasm.sha256,
    gzip: wasm.deflateMaxSize,
    gunzip: wasm.gunzip,
    createAesCtr(key, iv) {
      const cipher = wasm.createCtr256(key, iv);
      return { process: (data) => wasm.ctr256(cipher, data), close: () => wasm.freeCtr256(cipher) };
    },
    createAesIge: (key, iv) => ({
      encrypt: (data) => wasm.ige256Encrypt(data, key, iv),
      decrypt: (data) => wasm.ige256Decrypt(data, key, iv),
    }),
    pbkdf2,
    hmacSha256: async (data, key) => new Uint8Array(await hmacBytes(key, data)),
    factorizePQ: (pq) => factorizePQSync(crypto, pq),
    randomFill,
    randomBytes(size) {
      const bytes = new Uint8Array(size);
      randomFill(bytes);
      return bytes;
    },
  };
  return crypto;
}

function randomFill(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
  }
}

async function pbkdf2(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length = 64,
  algorithm = "sha512",
): Promise<Uint8Array> {
  const hash = HASHES[algorithm];
  if (!hash) throw new Error(`No hash ${algorithm}`);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const derived = { name: "PBKDF2", salt, iterations, hash };
  return new Uint8Array(await crypto.subtle.deriveBits(derived, key, length * 8));
}
