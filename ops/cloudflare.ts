import { setTimeout as sleep } from "node:timers/promises";
import { wrangler } from "./wrangler.ts";

type Env = Record<string, string | undefined>;

/** An answer of Cloudflare that is no success. */
export class Refused extends Error {
  readonly codes: number[];

  constructor(message: string, codes: number[]) {
    super(message);
    this.codes = codes;
  }
}

/** Cloudflare's API for one account. */
export interface Cloudflare {
  account: string;
  /**
   * Calls the API below the account, and tries again what may be repeated.
   * @returns `result` of the answer
   * @throws Refused, or Error when there was no answer
   */
  call<Result>(method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: unknown): Promise<Result>;
  /** All items of a list with pages. */
  list<Item>(path: string): Promise<Item[]>;
}

interface Answer {
  success: boolean;
  errors?: { code: number; message: string }[];
  result: unknown;
  result_info?: { per_page?: number; total_count?: number };
}

const ATTEMPTS = 3;
const TIMEOUT_MS = 60_000;

/**
 * Signs in as wrangler does: by CLOUDFLARE_API_TOKEN, else by `wrangler login`.
 * @param configured `account_id` in wrangler.toml
 * @param command what to run again after a failure
 * @throws Error that says what to do
 */
export async function signIn(
  env: Env,
  configured: string | undefined,
  command = "npm run deploy",
): Promise<Cloudflare> {
  const base = env.CLOUDFLARE_API_BASE_URL || "https://api.cloudflare.com/client/v4";
  const headers = { ...(await credentials(env)), "content-type": "application/json" };

  async function request(method: string, path: string, body?: unknown): Promise<Answer> {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    // A repeated POST could make a second one. The next run finds what a lost answer has made.
    for (let attempt = method === "POST" ? ATTEMPTS : 1; ; attempt++) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(base + path, { ...init, signal }).catch((error: Error) => error);
      const isLast = attempt >= ATTEMPTS;
      if (!(response instanceof Error) && response.status < 500 && response.status !== 429)
        return readAnswer(response, method, path, command);
      if (isLast && response instanceof Error)
        throw new Error(`Cloudflare does not answer (${causeOf(response)}): run ${command} again.`);
      if (isLast) return readAnswer(response as Response, method, path, command);
      await sleep(300 * attempt);
    }
  }

  const account = await accountOf(env, configured, async () => {
    const { result } = await request("GET", "/accounts?per_page=50");
    return result as { id: string; name: string }[];
  });
  const below = (path: string) => `/accounts/${account}${path}`;
  return {
    account,
    call: async <Result>(method: string, path: string, body?: unknown) =>
      (await request(method, below(path), body)).result as Result,
    async list<Item>(path: string) {
      const items: Item[] = [];
      for (let page = 1; ; page++) {
        const { result, result_info } = await request("GET", below(`${path}?page=${page}`));
        items.push(...(result as Item[]));
        const { per_page = 0, total_count = 0 } = result_info ?? {};
        if (page * per_page >= total_count) return items;
      }
    },
  };
}

async function readAnswer(
  response: Response,
  method: string,
  path: string,
  command: string,
): Promise<Answer> {
  const answer = (await response.json().catch(() => null)) as Answer | null;
  if (answer?.success) return answer;
  const errors = answer?.errors ?? [];
  const what = `${method} ${path.replace(/^\/accounts\/[^/]+/, "")}`;
  const said = errors.map(({ code, message }) => `${message} (code ${code})`).join("; ");
  const hint =
    response.status === 401 || response.status === 403
      ? "the login needs to edit Workers Scripts, D1, Queues and Workers R2 Storage of this account"
      : `correct that, or run ${command} again`;
  throw new Refused(
    `Cloudflare refused ${what}: ${said || `status ${response.status}`}; ${hint}.`,
    errors.map(({ code }) => code),
  );
}

const causeOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message);

async function credentials(env: Env): Promise<Record<string, string>> {
  if (env.CLOUDFLARE_API_TOKEN) return { authorization: `Bearer ${env.CLOUDFLARE_API_TOKEN}` };
  const { code, stdout } = await wrangler(["auth", "token", "--json"], env);
  if (code !== 0)
    throw new Error("You are not logged in: run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
  const { token, key, email } = JSON.parse(stdout) as { token?: string; key?: string; email?: string };
  if (token) return { authorization: `Bearer ${token}` };
  return { "x-auth-key": key ?? "", "x-auth-email": email ?? "" };
}

async function accountOf(
  env: Env,
  configured: string | undefined,
  load: () => Promise<{ id: string; name: string }[]>,
): Promise<string> {
  const chosen = env.CLOUDFLARE_ACCOUNT_ID || configured;
  if (chosen) return chosen;
  const [first, ...others] = await load();
  if (!first)
    throw new Error("This login has no Cloudflare account: log in with another, by npx wrangler login.");
  if (others.length === 0) return first.id;
  const names = [first, ...others].map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new Error(`Set CLOUDFLARE_ACCOUNT_ID to one of your accounts: ${names}.`);
}
