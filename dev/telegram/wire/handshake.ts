import { createDiffieHellman, type DiffieHellman } from "node:crypto";
import { Long, type mtp } from "@mtcute/core";
import { generateKeyAndIvFromNonce } from "@mtcute/core/utils.js";
import { createCrypto } from "./crypto.ts";
import { decryptRsa, type RsaKey } from "./key.ts";
import { Reader, write } from "./tl.ts";

/** Telegram's own: clients know it, and need not test it. Two-step verification uses it, too. */
const DH_PRIME = Buffer.from(
  "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4dbfa336f6e" +
    "0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f642477fe96bb2a941d" +
    "5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0e" +
    "f1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4e418fc15e83ebea0f87fa9ff5eed7005" +
    "0ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b",
  "hex",
);
const DH_GENERATOR = 3;

/** The product of two primes, for the client to find. */
const PQ = Buffer.from("17ed48941a08f981", "hex");

/** `p_q_inner_data` of clients that do not name the data centre. mtcute's schema lacks it. */
const OLD_INNER_DATA = 0x83c95aec;

interface InnerData {
  pq: Uint8Array;
  nonce: Uint8Array;
  serverNonce: Uint8Array;
  newNonce: Uint8Array;
}

/** The data centres' side of the exchange. All keys share it: each differs by the client's side. */
let side: DiffieHellman | undefined;
const exchange = (): DiffieHellman => {
  if (side) return side;
  side = createDiffieHellman(DH_PRIME, Buffer.of(DH_GENERATOR));
  side.generateKeys();
  return side;
};

const pad256 = (number: Buffer): Buffer => Buffer.concat([Buffer.alloc(256 - number.length), number]);

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte ^ (b[at] ?? 0));

/** @throws {Error} unless they are the same */
function expectSame(a: Uint8Array, b: Uint8Array | undefined): void {
  if (!b || Buffer.compare(a, b) !== 0) throw new Error("A client and the data centre disagree");
}

/** How a client and a data centre agree on a key, on one connection. */
export class Handshake {
  readonly #rsa: RsaKey;
  readonly #now: () => number;
  readonly #crypto = createCrypto();
  #nonce: Uint8Array | undefined;
  #serverNonce: Uint8Array = new Uint8Array();
  #newNonce: Uint8Array | undefined;

  /** @param now in milliseconds since the epoch */
  constructor(rsa: RsaKey, now: () => number) {
    this.#rsa = rsa;
    this.#now = now;
  }

  /**
   * Does one step.
   * @returns what to answer, and at the end the key's secret and its first salt
   * @throws {Error} for what an honest client does not send
   */
  step(asked: mtp.TlObject): { answer: mtp.TlObject; agreed?: { secret: Buffer; salt: Long } } {
    if (asked._ === "mt_req_pq_multi") return { answer: this.#begin(asked.nonce) };
    if (asked._ === "mt_req_DH_params") return { answer: this.#offer(asked) };
    if (asked._ === "mt_set_client_DH_params") return this.#agree(asked);
    throw new Error("No step of the exchange of keys");
  }

  #begin(nonce: Uint8Array): mtp.RawMt_resPQ {
    this.#nonce = Buffer.from(nonce);
    this.#serverNonce = this.#crypto.randomBytes(16);
    this.#newNonce = undefined;
    return {
      _: "mt_resPQ",
      nonce,
      serverNonce: this.#serverNonce,
      pq: PQ,
      serverPublicKeyFingerprints: [this.#rsa.fingerprint],
    };
  }

  #expectNonces(from: { nonce: Uint8Array; serverNonce: Uint8Array }): void {
    expectSame(from.nonce, this.#nonce);
    expectSame(from.serverNonce, this.#serverNonce);
  }

  #offer(asked: mtp.RawMt_req_DH_params): mtp.RawMt_server_DH_params_ok {
    this.#expectNonces(asked);
    const inner = this.#innerData(asked.encryptedData);
    this.#expectNonces(inner);
    expectSame(inner.pq, PQ);
    this.#newNonce = Buffer.from(inner.newNonce);
    const data = write({
      _: "mt_server_DH_inner_data",
      nonce: inner.nonce,
      serverNonce: inner.serverNonce,
      g: DH_GENERATOR,
      dhPrime: DH_PRIME,
      gA: pad256(exchange().getPublicKey()),
      serverTime: Math.floor(this.#now() / 1000),
    });
    const hashed = Buffer.concat([this.#crypto.sha1(data), data]);
    const padding = this.#crypto.randomBytes((16 - (hashed.length % 16)) % 16);
    return {
      _: "mt_server_DH_params_ok",
      nonce: inner.nonce,
      serverNonce: inner.serverNonce,
      encryptedAnswer: this.#cipher(inner.newNonce).encrypt(Buffer.concat([hashed, padding])),
    };
  }

  #agree(asked: mtp.RawMt_set_client_DH_params) {
    this.#expectNonces(asked);
    const newNonce = this.#newNonce;
    if (!newNonce) throw new Error("A step is missing");
    const reader = new Reader(this.#cipher(newNonce).decrypt(asked.encryptedData), 20);
    const inner = reader.object() as mtp.TlObject;
    if (inner._ !== "mt_client_DH_inner_data") throw new Error("No inner data");
    this.#expectNonces(inner);
    expectSame(
      this.#crypto.sha1(reader.uint8View.subarray(20, reader.pos)),
      reader.uint8View.subarray(0, 20),
    );
    const secret = pad256(exchange().computeSecret(inner.gB));
    const salt = Long.fromBytesLE([...xor(newNonce.subarray(0, 8), this.#serverNonce.subarray(0, 8))]);
    const auxiliary = this.#crypto.sha1(secret).subarray(0, 8);
    const hash = this.#crypto.sha1(Buffer.concat([newNonce, Buffer.of(1), auxiliary])).subarray(4, 20);
    const { nonce, serverNonce } = asked;
    const answer = { _: "mt_dh_gen_ok" as const, nonce, serverNonce, newNonceHash1: hash };
    return { answer, agreed: { secret, salt } };
  }

  #cipher(newNonce: Uint8Array) {
    return this.#crypto.createAesIge(...generateKeyAndIvFromNonce(this.#crypto, this.#serverNonce, newNonce));
  }

  /** Decrypts what the client encrypted with the public key, in either of two ways. */
  #innerData(encrypted: Uint8Array): InnerData {
    const padded = decryptRsa(this.#rsa, encrypted);
    return this.#rsaPad(padded) ?? this.#oldRsa(padded);
  }

  /** RSA_PAD: an AES key is masked by a hash of what it encrypts. */
  #rsaPad(padded: Uint8Array): InnerData | undefined {
    const encrypted = padded.subarray(32);
    const key = xor(padded.subarray(0, 32), this.#crypto.sha256(encrypted));
    const plain = Buffer.from(this.#crypto.createAesIge(key, new Uint8Array(32)).decrypt(encrypted));
    const data = Buffer.from(plain.subarray(0, 192)).reverse();
    const hash = this.#crypto.sha256(Buffer.concat([key, data]));
    return Buffer.compare(hash, plain.subarray(192)) === 0 ? readInnerData(new Reader(data)) : undefined;
  }

  /** As clients did before: a hash, the data, and padding. */
  #oldRsa(padded: Uint8Array): InnerData {
    const data = Buffer.from(padded.subarray(1));
    const reader = new Reader(data, 20);
    const inner = readInnerData(reader);
    expectSame(this.#crypto.sha1(data.subarray(20, reader.pos)), data.subarray(0, 20));
    return inner;
  }
}

/** @throws {Error} for other data, such as of a temporary key */
function readInnerData(reader: Reader): InnerData {
  if (reader.peekUint() === OLD_INNER_DATA) {
    reader.uint();
    const pq = reader.bytes();
    reader.bytes();
    reader.bytes();
    return { pq, nonce: reader.int128(), serverNonce: reader.int128(), newNonce: reader.int256() };
  }
  const inner = reader.object() as mtp.TlObject;
  if (inner._ !== "mt_p_q_inner_data_dc") throw new Error("No inner data");
  return inner;
}
