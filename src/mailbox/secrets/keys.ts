import * as z from "zod/mini";
import { fromBase64 } from "../../lib/base64.ts";
import { lazy } from "../../lib/lazy.ts";
import { defineConfig } from "../../platform/config.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";

/** AES-256, in bytes. */
export const KEY_BYTES = 32;

const config = defineConfig(() => z.object({ MAIL_KEYS: z.optional(z.string()) }));

const Keys = lazy(() =>
  z.array(z.object({ id: z.string().check(z.minLength(1)), key: z.string() })).check(
    z.minLength(1),
    z.refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, "has an id twice"),
  ),
);

export interface MailKey {
  id: string;
  key: Uint8Array<ArrayBuffer>;
}

const known = new Map<string, [MailKey, ...MailKey[]]>();

/**
 * The operator's keys. The first one seals, all of them open. A list with a mistake counts as none: half of it could seal
 * what the other half is needed for.
 * @throws MailError KEYS_MISSING
 */
export function mailKeys(env: MailboxEnv): [MailKey, ...MailKey[]] {
  const { MAIL_KEYS: text } = config(env);
  const keys = text && (known.get(text) ?? parse(text));
  if (!text || !keys) throw keysMissing("MAIL_KEYS is not set, or not a list of keys");
  known.set(text, keys);
  return keys;
}

/** @throws MailError KEYS_MISSING */
export function mailKey(env: MailboxEnv, id: string): MailKey {
  const found = mailKeys(env).find((key) => key.id === id);
  if (!found) throw keysMissing("The key that sealed this account is not in MAIL_KEYS");
  return found;
}

function parse(text: string): [MailKey, ...MailKey[]] | undefined {
  try {
    const keys = Keys()
      .parse(JSON.parse(text))
      .map(({ id, key }) => ({ id, key: fromBase64(key) }));
    const [first, ...others] = keys;
    return first && keys.every(({ key }) => key.length === KEY_BYTES) ? [first, ...others] : undefined;
  } catch {
    return undefined; // Security: neither the text nor what is wrong with it is for a log.
  }
}

const keysMissing = (message: string) => new MailError("KEYS_MISSING", message);
