import { aesKey, openBytes, sealBytes } from "../../lib/aes-gcm.ts";
import { fromBase64, toBase64 } from "../../lib/base64.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import { KEY_BYTES, mailKey, mailKeys } from "./keys.ts";

// Each secret is sealed with a key of the account, and that one with a key of the operator. So a new key of the operator
// costs an account 60 bytes, however much it has sealed.

export type SecretName = "password" | "smtpPassword" | "refreshToken" | "accessToken";

type SealedRow = {
  account_id: string;
  secrets: string | null;
  data_key: string | null;
  key_id: string | null;
};

const sealedRow = (ctx: MailboxContext): SealedRow | undefined =>
  rowOf<SealedRow>(ctx, "SELECT account_id, secrets, data_key, key_id FROM account");

export type Secrets = Partial<Record<SecretName, string>>;

/** The open secrets of an account, and the key that they were sealed with. */
export interface OpenSecrets {
  values: Secrets;
  dataKey: Uint8Array<ArrayBuffer>;
}

/** Secrets that are sealed for an account, to be stored with its row. */
export interface SealedSecrets {
  secrets: string;
  dataKey: string;
  keyId: string;
}

/**
 * Seals all secrets of an account under a new key of its own.
 * @throws MailError KEYS_MISSING
 */
export async function sealSecrets(
  env: MailboxEnv,
  accountId: string,
  values: Secrets,
): Promise<SealedSecrets> {
  const [{ id: keyId, key }] = mailKeys(env);
  const dataKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return {
    secrets: JSON.stringify(await sealEach(dataKey, accountId, values)),
    dataKey: await seal(key, `${accountId}/data_key`, dataKey),
    keyId,
  };
}

/**
 * Opens the secrets of the account; undefined if it has none.
 * @throws MailError KEYS_MISSING
 */
export async function openSecrets(ctx: MailboxContext): Promise<OpenSecrets | undefined> {
  const row = sealedRow(ctx);
  if (!row?.data_key) return undefined;
  const dataKey = await dataKeyOf(ctx.env, row);
  const values: Secrets = {};
  for (const [name, sealed] of Object.entries(secretsOf(row))) {
    const bytes = await open(dataKey, `${row.account_id}/${name}`, sealed);
    values[name as SecretName] = new TextDecoder().decode(bytes);
  }
  return { values, dataKey };
}

/**
 * Adds or replaces secrets beside those that were opened. Nothing happens if the account has others by now, or none: its
 * settings were changed, or it was closed, while the new secrets were on their way.
 * @returns whether they were stored
 */
export async function addSecrets(ctx: MailboxContext, opened: OpenSecrets, added: Secrets): Promise<boolean> {
  for (;;) {
    const row = sealedRow(ctx);
    if (!row?.data_key) return false;
    const dataKey = await dataKeyOf(ctx.env, row);
    if (!crypto.subtle.timingSafeEqual(dataKey, opened.dataKey)) return false;
    const sealed = await sealEach(dataKey, row.account_id, added);
    const now = sealedRow(ctx);
    // Another key of the operator took over in the meantime, or the account has changed.
    if (now?.data_key !== row.data_key) continue;
    ctx.sql.exec("UPDATE account SET secrets = ?", JSON.stringify({ ...secretsOf(now), ...sealed }));
    return true;
  }
}

/** Destroys the secrets and the key that they are sealed with. Copies of the row from before open with neither. */
export function destroySecrets(ctx: MailboxContext): void {
  ctx.sql.exec("UPDATE account SET secrets = NULL, data_key = NULL, key_id = NULL");
}

/** Seals the account's own key with the first key of the operator, unless it is. A key that is gone is for others to report. */
export async function rewrap(ctx: MailboxContext): Promise<void> {
  const row = sealedRow(ctx);
  if (!row?.data_key) return;
  try {
    const [{ id, key }] = mailKeys(ctx.env);
    if (row.key_id === id) return;
    const dataKey = await seal(key, `${row.account_id}/data_key`, await dataKeyOf(ctx.env, row));
    ctx.sql.exec(
      "UPDATE account SET data_key = ?, key_id = ? WHERE data_key = ?",
      ...[dataKey, id, row.data_key],
    );
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
  }
}

const secretsOf = ({ secrets }: SealedRow): Secrets => (secrets === null ? {} : JSON.parse(secrets));

async function sealEach(
  dataKey: Uint8Array<ArrayBuffer>,
  accountId: string,
  values: Secrets,
): Promise<Secrets> {
  const sealed: Secrets = {};
  for (const [name, value] of Object.entries(values)) {
    const bytes = new TextEncoder().encode(value);
    sealed[name as SecretName] = await seal(dataKey, `${accountId}/${name}`, bytes);
  }
  return sealed;
}

async function dataKeyOf(env: MailboxEnv, row: SealedRow): Promise<Uint8Array<ArrayBuffer>> {
  const { key } = mailKey(env, row.key_id ?? "");
  return open(key, `${row.account_id}/data_key`, row.data_key ?? "");
}

/** @param place is authenticated, so that a text sealed for one account or field opens at no other */
const seal = async (key: Uint8Array<ArrayBuffer>, place: string, bytes: Uint8Array): Promise<string> =>
  toBase64(await sealBytes(await aesKey(key), place, bytes));

/** @throws MailError KEYS_MISSING for another key, another place, or a changed text */
async function open(
  key: Uint8Array<ArrayBuffer>,
  place: string,
  sealed: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = fromBase64(sealed);
  const aes = await aesKey(key);
  try {
    return await openBytes(aes, place, bytes);
  } catch (cause) {
    throw new MailError("KEYS_MISSING", "No key of MAIL_KEYS opens the secrets of this account", { cause });
  }
}
