import { hmacBytes, importHmacKey, verifyHmac } from "../lib/hmac.ts";
import { notSignedIn } from "./errors.ts";

// What Telegram gives a Mini App to prove who opened it: https://core.telegram.org/bots/webapps

const encoder = new TextEncoder();
const MAX_LENGTH = 8192;
/** How far the clocks of Telegram and of this Worker may differ, in seconds. */
const MAX_AHEAD = 300;

/**
 * Verifies the init data of a Mini App.
 * @param text as the app has it in `Telegram.WebApp.initData`
 * @param maxAge in seconds
 * @returns the Telegram id of the user
 * @throws ServiceError unauthenticated for data that is forged, changed, old, or not for this bot
 */
export async function verifyInitData(text: string, botToken: string, maxAge: number): Promise<number> {
  const { hash, ...fields } = readFields(text);
  if (!hash || !(await isSigned(fields, hash, botToken))) throw notSignedIn("The signature is wrong");
  const age = Math.floor(Date.now() / 1000) - readTime(fields.auth_date);
  if (age > maxAge || age < -MAX_AHEAD) throw notSignedIn("The data is too old, or of the future");
  return readUser(fields.user);
}

/** Security: of two fields with one name, the signature and the reader could mean different ones. */
function readFields(text: string): Record<string, string> {
  const entries = text.length > MAX_LENGTH ? [] : [...new URLSearchParams(text)];
  const fields: Record<string, string> = Object.fromEntries(entries);
  if (Object.keys(fields).length !== entries.length) throw notSignedIn("A field occurs twice");
  // Security: a line break in a value would let one line of what is signed pass for two.
  if (entries.some((entry) => /[\r\n]/.test(entry.join("")))) throw notSignedIn("A field has a line break");
  return fields;
}

/** `signature`, a newer field for others than the bot, is part of what is signed. */
async function isSigned(fields: Record<string, string>, hash: string, botToken: string): Promise<boolean> {
  const lines = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`);
  const secret = await hmacBytes(encoder.encode("WebAppData"), encoder.encode(botToken));
  return verifyHmac(await importHmacKey(secret, "verify"), encoder.encode(lines.join("\n")), hash);
}

function readTime(text = ""): number {
  if (!/^\d{1,12}$/.test(text)) throw notSignedIn("There is no time");
  return Number(text);
}

function readUser(json = ""): number {
  try {
    const { id } = JSON.parse(json);
    if (Number.isSafeInteger(id) && id > 0) return id;
  } catch {
    // As without a user.
  }
  throw notSignedIn("There is no user");
}
