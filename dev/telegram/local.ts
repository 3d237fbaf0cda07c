import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serve } from "../nylas/server.ts";
import { DEMO_PHONES, fillDemoWorld } from "./demo.ts";
import { startTelegramStandIn } from "./stand-in.ts";

/** Ports of the page, and of the data centres 2 and 4: accounts remember where theirs is. */
export interface TelegramPorts {
  page: number;
  dc2: number;
  dc4: number;
}

export interface LocalTelegram {
  /** What the script of the accounts needs, in order to reach the stand-in. */
  vars: Record<string, string>;
  /** The page with login codes, and with what was posted. */
  page: string;
  /** Keeps its state for the next start. */
  close(): Promise<void>;
}

/** Ali of the contract's examples. */
const USER = 123456789;

/** How often the stand-in's state is kept, in milliseconds. */
const KEEP_MS = 1000;

/**
 * Stands in for Telegram: with the accounts and groups of the demo, or as they were left.
 * @throws if a port is not available
 */
export async function startLocalTelegram(state: string, ports: TelegramPorts): Promise<LocalTelegram> {
  const memory = join(state, "telegram.json");
  const isNew = !existsSync(memory);
  const standIn = await startTelegramStandIn({
    ...(isNew ? {} : { snapshot: JSON.parse(readFileSync(memory, "utf8")) }),
    ports: { 2: ports.dc2, 4: ports.dc4 },
  });
  if (isNew) fillDemoWorld(standIn.world);
  let kept = "";
  const keep = () => {
    const now = JSON.stringify(standIn.snapshot());
    if (now === kept) return;
    kept = now;
    // A death while it writes leaves the file as it was.
    writeFileSync(`${memory}.new`, now, { mode: 0o600 });
    renameSync(`${memory}.new`, memory);
  };
  keep();
  // Not only at the end: after a kill, the Worker would know posts, files and sessions that the stand-in has forgotten.
  const timer = setInterval(keep, KEEP_MS);
  const served = await serve({ fetch: standIn.fetch, tick: async () => {} }, { port: ports.page });
  return {
    vars: {
      ...{ TELEGRAM_API_ID: "1", TELEGRAM_API_HASH: "of the stand-in" },
      TELEGRAM_SESSION_KEY: sessionKey(state),
      ...{ TELEGRAM_DC: standIn.dc, TELEGRAM_DC_KEY: standIn.publicKey },
    },
    page: `http://localhost:${served.port}`,
    async close() {
      clearInterval(timer);
      await Promise.all([served.close(), standIn.close()]);
      keep();
    },
  };
}

/**
 * What the script of the accounts gets.
 * @param own one's own .dev.vars: with an api id of Telegram, it talks to Telegram itself
 */
export function accountVars({ vars }: LocalTelegram, own: Record<string, string>): Record<string, string> {
  const { TELEGRAM_API_ID, TELEGRAM_API_HASH = "", TELEGRAM_SESSION_KEY } = own;
  if (!TELEGRAM_API_ID) return vars;
  const key = TELEGRAM_SESSION_KEY || (vars.TELEGRAM_SESSION_KEY ?? "");
  return { TELEGRAM_API_ID, TELEGRAM_API_HASH, TELEGRAM_SESSION_KEY: key };
}

/** Adds Ali, subscribed for a year, to the database, while no Worker runs. */
export function addDemoTelegramUser(file: string): void {
  const sqlite = new DatabaseSync(file);
  const day = new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10);
  sqlite
    .prepare(
      `INSERT OR IGNORE INTO telegram_users (id, phone, first_name, lang, sender_ends_at, finder_ends_at, created_at)
       VALUES (?, ?, 'Ali', 1, ?, ?, ?)`,
    )
    .run(USER, Number(DEMO_PHONES[0]), day, day, Date.now());
  sqlite.close();
}

/**
 * What `npm run dev` prints. With an api id of one's own the stand-in is not asked, and its phones may be somebody's.
 * @param own one's own .dev.vars
 */
export function telegramInstructions(
  url: string,
  telegram: LocalTelegram,
  own: Record<string, string>,
): string {
  if (own.TELEGRAM_API_ID)
    return "Telegram auto-mailing talks to Telegram itself, by the TELEGRAM_API_ID in .dev.vars: see docs/telegram.md.";
  return `Telegram auto-mailing: connect a phone of its user Ali (the code is on the page below, where the second line reads it), and
start a mailing to his groups:
${telegramCommands(url, telegram).join("\n")}

See the codes of phones, and what is posted in the groups:
${telegram.page}`;
}

/** Three lines for a shell: they ask for a login code, sign in with it, and start a mailing. */
function telegramCommands(url: string, { page }: LocalTelegram): string[] {
  const api = `${url}/ru/api/v1/auto-mailing`;
  const [phone] = DEMO_PHONES;
  const json = (body: string) => `-H 'Content-Type: application/json' -d '${body}'`;
  const patch = `curl -s -X PATCH ${api}/mailing/${USER}`;
  return [
    `curl -s ${api}/accounts/${USER}/send-code/ ${json(`{"phone":"+${phone}"}`)}`,
    `code=$(curl -s ${page}/phones/${phone} | sed 's/.*"code":"\\([0-9]*\\)".*/\\1/'); curl -s ${api}/accounts/${USER}/verify-code/ ${json(`{"phone":"+${phone}","code":"'$code'"}`)}`,
    [
      // The first sync goes on for a moment after a sign-in. Without one, the last line tells what is missing.
      `for i in $(seq 30); do [ "$(curl -s ${api}/groups/${USER}/)" = "[]" ] || break; sleep 1; done`,
      `${patch}/ ${json('{"text":"Yuk bor: Toshkent - Moskva, 20 tonna. Tel: +998901234567"}')}`,
      `${patch}/interval/ ${json('{"frequency":"00:30:00","duration":"08:00:00"}')}`,
      `curl -s -X POST ${api}/mailing/${USER}/start/`,
    ].join("; "),
  ];
}

/** The key that seals the sessions in this state: the same at each start. */
function sessionKey(state: string): string {
  const file = join(state, "telegram-session-key");
  if (!existsSync(file)) {
    const key = crypto.getRandomValues(new Uint8Array(32));
    writeFileSync(file, Buffer.from(key).toString("base64"), { mode: 0o600 });
  }
  return readFileSync(file, "utf8");
}
