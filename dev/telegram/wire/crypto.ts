import * as node from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BaseCryptoProvider, type IAesCtr, type ICryptoProvider } from "@mtcute/core/utils.js";
import * as wasm from "@mtcute/wasm";

/** What MTProto needs of cryptography, in Node. mtcute's WASM has what OpenSSL lacks: AES in IGE mode. */
class NodeCrypto extends BaseCryptoProvider implements ICryptoProvider {
  sha1(data: Uint8Array) {
    return node.createHash("sha1").update(data).digest();
  }

  sha256(data: Uint8Array) {
    return node.createHash("sha256").update(data).digest();
  }

  hmacSha256(data: Uint8Array, key: Uint8Array) {
    return node.createHmac("sha256", key).update(data).digest();
  }

  pbkdf2(password: Uint8Array, salt: Uint8Array, rounds: number, length = 64, hash = "sha512") {
    return new Promise<Uint8Array>((resolve, reject) =>
      node.pbkdf2(password, salt, rounds, length, hash, (error, key) =>
        error ? reject(error) : resolve(key),
      ),
    );
  }

  /** In counter mode both directions are the same. */
  createAesCtr(key: Uint8Array, iv: Uint8Array): IAesCtr {
    const cipher = node.createCipheriv("aes-256-ctr", key, iv);
    return { process: (data) => cipher.update(data) };
  }

  createAesIge(key: Uint8Array, iv: Uint8Array) {
    return {
      encrypt: (data: Uint8Array) => wasm.ige256Encrypt(data, key, iv),
      decrypt: (data: Uint8Array) => wasm.ige256Decrypt(data, key, iv),
    };
  }

  gzip(data: Uint8Array, maxSize: number) {
    return wasm.deflateMaxSize(data, maxSize);
  }

  gunzip(data: Uint8Array) {
    return wasm.gunzip(data);
  }

  randomFill(bytes: Uint8Array) {
    node.randomFillSync(bytes);
  }
}

let shared: NodeCrypto | undefined;

/** Gives mtcute's cryptography for Node. The first call compiles the WASM. */
export function createCrypto(): ICryptoProvider {
  if (shared) return shared;
  const path = createRequire(import.meta.url).resolve("@mtcute/wasm/mtcute-simd.wasm");
  wasm.initSync(readFileSync(path));
  shared = new NodeCrypto();
  return shared;
}
