import { createHash, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { Long, type tl } from "@mtcute/core";
import { type AuthKey, RpcError } from "../wire/handler.ts";
import type { Account } from "./state.ts";

// The server's half of SRP, with which an account proves its password: https://core.telegram.org/api/srp

const PRIME = BigInt(
  `0x${[
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f",
    "48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37",
    "20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64",
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4",
    "a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754",
    "fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4",
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f",
    "0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b",
  ].join("")}`,
);
const G = 3n;
const ROUNDS = 100_000;

const derive = promisify(pbkdf2);

/** What the server keeps of a password. */
interface Verifier {
  password: string;
  salt1: Buffer;
  salt2: Buffer;
  v: bigint;
}

interface Challenge {
  id: Long;
  b: bigint;
  B: Buffer;
  verifier: Verifier;
}

const verifiers = new WeakMap<Account, Verifier>();
const challenges = new WeakMap<AuthKey, Challenge>();

/** Tells whether an account has a password, and what to compute of it. The last challenge of a key is the valid one. */
export async function challenge(account: Account, key: AuthKey): Promise<tl.account.RawPassword> {
  const answer: tl.account.RawPassword = {
    _: "account.password",
    newAlgo: { _: "passwordKdfAlgoUnknown" },
    newSecureAlgo: { _: "securePasswordKdfAlgoUnknown" },
    secureRandom: randomBytes(256),
  };
  if (account.password === null) return answer;
  const verifier = await verifierOf(account, account.password);
  const b = numberOf(randomBytes(256));
  const k = numberOf(sha256(bytesOf(PRIME), bytesOf(G)));
  const B = bytesOf((k * verifier.v + power(G, b)) % PRIME);
  const id = Long.fromBytesLE([...randomBytes(8)]);
  challenges.set(key, { id, b, B, verifier });
  const { salt1, salt2 } = verifier;
  const currentAlgo: tl.TypePasswordKdfAlgo = {
    _: "passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow",
    ...{ salt1, salt2, g: Number(G), p: bytesOf(PRIME) },
  };
  return { ...answer, hasPassword: true, currentAlgo, srpB: B, srpId: id, hint: "" };
}

/**
 * Checks a proof of the password. A challenge counts once.
 * @throws RpcError if it is wrong
 */
export async function check(
  account: Account,
  key: AuthKey,
  { srpId, A: bytesOfA, M1 }: tl.RawInputCheckPasswordSRP,
): Promise<void> {
  const asked = challenges.get(key);
  if (!asked?.id.eq(srpId)) throw new RpcError(400, "SRP_ID_INVALID");
  challenges.delete(key);
  const { b, B, verifier } = asked;
  if (verifier.password !== account.password) throw new RpcError(400, "SRP_PASSWORD_CHANGED");
  const A = numberOf(bytesOfA);
  if (A % PRIME === 0n) throw new RpcError(400, "SRP_A_INVALID");
  const u = numberOf(sha256(bytesOf(A), B));
  const shared = sha256(bytesOf(power((A * power(verifier.v, u)) % PRIME, b)));
  const mixed = Buffer.from(sha256(bytesOf(PRIME)).map((byte, at) => byte ^ sha256(bytesOf(G))[at]!));
  const { salt1, salt2 } = verifier;
  const wanted = sha256(mixed, sha256(salt1), sha256(salt2), bytesOf(A), B, shared);
  if (!wanted.equals(M1)) throw new RpcError(400, "PASSWORD_HASH_INVALID");
}

async function verifierOf(account: Account, password: string): Promise<Verifier> {
  const known = verifiers.get(account);
  if (known?.password === password) return known;
  const [salt1, salt2] = [randomBytes(8), randomBytes(16)];
  const salted = (data: Buffer, salt: Buffer) => sha256(salt, data, salt);
  const first = salted(salted(Buffer.from(password), salt1), salt2);
  const x = numberOf(salted(await derive(first, salt1, ROUNDS, 64, "sha512"), salt2));
  const verifier = { password, salt1, salt2, v: power(G, x) };
  verifiers.set(account, verifier);
  return verifier;
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);

const bytesOf = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(512, "0"), "hex");

/** Modulo the prime. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % PRIME, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}
