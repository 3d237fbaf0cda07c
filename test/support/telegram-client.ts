import { env } from "cloudflare:workers";
import { toHex } from "../../src/lib/hex.ts";
import { type Answered, call, signToken, unique } from "./client.ts";

/** Where the calls of the contract are. */
export const BASE = "/api/v1/auto-mailing";

/** Somebody who may use auto-mailing, with init data of their own. */
export interface TelegramUser {
  id: number;
  phone: number;
  initData: string;
  /** Calls as this user. @param path below the contract's base, such as `/status/{id}/`; `{id}` is filled in */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
  call<T = any>(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Answered<T>>;
}

export const telegramDb: D1Database = env.TELEGRAM_DB;

const encoder = new TextEncoder();

async function hmac(key: BufferSource, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

/** Signs init data as Telegram does. @param fields beside those that are usual; undefined leaves one out */
export async function signInitData(
  user: number,
  fields: Record<string, string | undefined> = {},
  botToken = env.TELEGRAM_BOT_TOKEN,
): Promise<string> {
  const all = {
    query_id: "AAHdF6IQAAAAAN0XohDhrOrc",
    user: JSON.stringify({ id: user, first_name: "Ali", language_code: "uz" }),
    auth_date: String(Math.floor(Date.now() / 1000)),
    signature: "c2lnbmF0dXJl",
    ...fields,
  };
  const given = Object.entries(all).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  const lines = given.map(([name, value]) => `${name}=${value}`).sort();
  const hash = toHex(await hmac(await hmac(encoder.encode("WebAppData"), botToken), lines.join("\n")));
  return new URLSearchParams([...given, ["hash", hash]]).toString();
}

/** An operator's token: it may act for anybody, and writes users. */
export const operatorToken = (): Promise<string> => signToken({ sub: "bot", role: "admin" });

/** Makes a user, by default with a subscription that lasts. */
export async function createTelegramUser(
  changes: Partial<
    Record<"id" | "phone" | "first_name" | "lang" | "sender_ends_at" | "finder_ends_at", unknown>
  > = {},
): Promise<TelegramUser> {
  const row = {
    id: unique(),
    phone: 998_000_000_000 + (unique() % 1e9),
    first_name: "Ali",
    lang: 1,
    sender_ends_at: "2099-12-31",
    finder_ends_at: null,
    ...changes,
    created_at: Date.now(),
  };
  const columns = Object.keys(row);
  await telegramDb
    .prepare(
      `INSERT INTO telegram_users (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    )
    .bind(...Object.values(row))
    .run();
  const id = Number(row.id);
  const initData = await signInitData(id);
  return {
    id,
    phone: Number(row.phone),
    initData,
    call: (method, path, body, headers) =>
      call(null, method, `${BASE}${path.replace("{id}", String(id))}`, body, {
        authorization: `tma ${initData}`,
        ...Object.fromEntries(new Headers(headers)),
      }),
  };
}
