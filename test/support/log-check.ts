import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { db } from "./db.ts";

// Every line that the Worker logs while a suite runs is checked: at once for secrets and addresses, and at the end of
// each file for what its rows hold of mail.

const LEVELS = ["info", "warn", "error"] as const;

/** Test files share an isolate, and so its console. */
interface Shared {
  problems: Set<string>;
  /** Every distinct text in a line that could be content. */
  texts: Set<string>;
}

const isolate = globalThis as typeof globalThis & { checkedLog?: Shared };
const shared = isolate.checkedLog ?? watchConsole();
isolate.checkedLog = shared;

function watchConsole(): Shared {
  const created: Shared = { problems: new Set(), texts: new Set() };
  for (const level of LEVELS) {
    const write = console[level].bind(console);
    console[level] = (...args: unknown[]) => {
      checkLine(created, args);
      if (level !== "info") write(...args); // hundreds of request lines
    };
  }
  return created;
}

/** Shows nothing of what the Worker logs until mocks are restored, but goes on checking it. */
export function silenceLog(): void {
  for (const level of LEVELS)
    vi.spyOn(console, level).mockImplementation((...args) => checkLine(shared, args));
}

function checkLine(to: Shared, args: unknown[]): void {
  const [line] = args;
  if (args.length !== 1 || typeof line !== "string") {
    to.problems.add(`not one text: ${args.map(String).join(" ")}`);
    return;
  }
  for (const problem of problemsOf(line)) to.problems.add(`${problem}: ${line}`);
  const { level: _level, event: _event, route: _route, method: _method, ...fields } = parsed(line) ?? {};
  for (const text of textsIn(fields)) to.texts.add(text);
}

/** Fields of any line. A new one is added here, after a look at what it can hold. */
const FIELDS = [
  ...["level", "event", "id", "error", "sample", "ms", "rows_read", "rows_written"],
  ...["user", "company", "companies", "method", "route", "status"],
  ...[
    "queue",
    "size",
    "acked",
    "retried",
    "message",
    "attempts",
    "type",
    "cron",
    "module",
    "step",
    "database",
  ],
  ...["tenant", "account", "attachment", "draft", "outbox", "uploads", "key", "name", "reason"],
];

const SECRETS = [
  env.JWT_SECRET,
  env.HUB_JWT_SECRET,
  env.NYLAS_API_KEY,
  env.NYLAS_WEBHOOK_SECRET,
  env.TEST_CONTROL_TOKEN,
  env.METRICS_TOKEN,
  env.TELEGRAM_BOT_TOKEN,
].filter(Boolean);

/** What a line must not have, whatever the test. */
export function problemsOf(line: string): string[] {
  const fields = parsed(line);
  if (!fields) return ["not a JSON object"];
  const texts = textsIn(fields);
  const some = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  return [
    ...Object.keys(fields).flatMap((name) => (FIELDS.includes(name) ? [] : [`unknown field ${name}`])),
    ...(some(/@(?!\w+\/)/) ? ["an address"] : []),
    ...(some(/eyJ[\w-]{4}/) || SECRETS.some((secret) => line.includes(secret)) ? ["a token"] : []),
    // A caller may send any id.
    ...(textsIn({ ...fields, id: "" }).some((text) => /\b[0-9a-f]{64}\b/.test(text))
      ? ["a ticket or signature"]
      : []),
    ...(some(/\bsecret-?\d/i) ? ["a test's marker"] : []),
    ...(/^\/.*\d/.test(`${fields.route}`.replace(/\{[^/]*\}|oauth2|\bv1\b|2fa/g, ""))
      ? ["a path in place of a route"]
      : []),
  ];
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The texts in a value, without the frames of stacks. */
const textsIn = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, each]) => (name === "stack" ? [] : textsIn(each)))
      : [];

/** Columns with what people write, and with addresses. */
const CONTENT = {
  ems_messages: ["subject", "snippet", "from_address", "from_name", "to_addresses", "body_text", "body_html"],
  ems_threads: ["subject"],
  ems_accounts: ["email_address", "display_name"],
  ems_attachments: ["filename"],
  ems_uploads: ["filename"],
  ems_outbox: ["subject", "to_addresses", "mail"],
  ems_drafts: ["content"],
  companies: ["name"],
  es_accounts: ["email_address", "account_name", "hostname"],
  hub_users: ["email", "username", "bio", "phone"],
  hub_signups: ["email"],
  hub_statuses: ["content"],
  hub_posts: ["content"],
  hub_post_comments: ["comment"],
  hub_stories: ["caption"],
  hub_comments: ["content"],
  telegram_users: ["phone", "first_name"],
};

/** Shorter ones are words that any error may use. */
const SHORTEST = 8;

/**
 * Checks what the Worker has logged since the last call.
 * @throws Error with every line that has a secret, an address, or content of a row
 */
export async function checkLog(): Promise<void> {
  const problems = [...shared.problems];
  const texts = [...shared.texts];
  for (const each of [shared.problems, shared.texts]) each.clear();
  for (const content of texts.length ? await storedContent() : []) {
    const line = texts.find((text) => text.includes(content));
    if (line !== undefined) problems.push(`content ${JSON.stringify(content)}: ${line}`);
  }
  if (problems.length) throw new Error(`The log has what it must not have:\n${problems.join("\n")}`);
}

const databaseOf = (table: string): D1Database =>
  ({ es: env.EMAIL_SERVICE_DB, hub: env.HUB_DB, telegram: env.TELEGRAM_DB })[table.split("_", 1)[0] ?? ""] ??
  db;

/** The content of rows, each piece once. A suite may leave a table renamed or gone. */
async function storedContent(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [table, columns] of Object.entries(CONTENT)) {
    for (const column of columns) {
      const select = `SELECT DISTINCT substr(${column}, 1, 60) AS text FROM ${table} WHERE length(${column}) >= ${SHORTEST} LIMIT 1000`;
      const rows = await databaseOf(table)
        .prepare(select)
        .all<{ text: string }>()
        .catch(() => ({ results: [] }));
      for (const { text } of rows.results) found.add(text);
    }
  }
  return found;
}
