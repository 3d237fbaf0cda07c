import { fromBase64 } from "../lib/base64.ts";
import type { Caller } from "./contract.ts";
import type { TelegramAccountEnv } from "./env.ts";
import { Refused } from "./errors.ts";

/** AES-256, in bytes. */
const KEY_BYTES = 32;

export interface Settings {
  apiId: number;
  apiHash: string;
  /** The first one seals sessions, all of them open. */
  keys: [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]];
  /** The data centre of a stand-in; null for Telegram's own. */
  standIn: { host: string; port: number; publicKey: string } | null;
}

/** @throws Refused `unavailable`, with what the operator is to set */
export function settingsOf(env: TelegramAccountEnv): Settings {
  const apiId = Number(env.TELEGRAM_API_ID);
  if (!Number.isSafeInteger(apiId) || apiId <= 0) throw unavailable("Set TELEGRAM_API_ID: a whole number");
  if (!env.TELEGRAM_API_HASH) throw unavailable("Set TELEGRAM_API_HASH");
  const key = sessionKey("TELEGRAM_SESSION_KEY", env.TELEGRAM_SESSION_KEY);
  if (!key) throw unavailable("Set TELEGRAM_SESSION_KEY");
  const previous = sessionKey("TELEGRAM_SESSION_KEY_PREVIOUS", env.TELEGRAM_SESSION_KEY_PREVIOUS);
  return {
    apiId,
    apiHash: env.TELEGRAM_API_HASH,
    keys: previous ? [key, previous] : [key],
    standIn: standInOf(env.TELEGRAM_DC, env.TELEGRAM_DC_KEY),
  };
}

/** @throws Refused `unavailable` unless the script can talk to Telegram for this caller */
export function requireSettings(env: TelegramAccountEnv, { isStandInOnly }: Caller): void {
  const { standIn } = settingsOf(env);
  if (isStandInOnly && !standIn) throw unavailable("Only a stand-in may be asked: set TELEGRAM_DC");
}

/** @throws Refused `unavailable` for anything but 32 bytes in base64 */
function sessionKey(name: string, text: string | undefined): Uint8Array<ArrayBuffer> | null {
  if (!text) return null;
  let key: Uint8Array<ArrayBuffer>;
  try {
    key = fromBase64(text);
  } catch {
    throw unavailable(`${name} is not base64`);
  }
  if (key.length !== KEY_BYTES) throw unavailable(`${name} has not ${KEY_BYTES} bytes`);
  return key;
}

function standInOf(address: string | undefined, publicKey: string | undefined): Settings["standIn"] {
  if (!address) return null;
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (!host || !port) throw unavailable("TELEGRAM_DC is not host:port");
  if (!publicKey) throw unavailable("Set TELEGRAM_DC_KEY");
  return { host, port: Number(port), publicKey };
}

const unavailable = (reason: string): Refused => new Refused("unavailable", reason);
