import { api, queries, sentenceOf, take } from "../api.ts";
import { type Key, t } from "../i18n/index.ts";
import { type Mailbox, mailboxesQuery } from "../mailboxes.ts";

// A mailbox is connected by its owner, on the provider's page. The browser comes back to the mailboxes with what became
// of it in the address.

export const PROVIDERS = ["google", "microsoft", "icloud", "yahoo", "ews", "imap"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The names of providers, the same in all languages. */
export const PROVIDER_NAMES: Record<string, string> = {
  google: "Google",
  gmail: "Gmail",
  outlook: "Outlook",
  microsoft: "Microsoft 365",
  icloud: "iCloud",
  yahoo: "Yahoo",
  ews: "Exchange",
  imap: "IMAP",
};

export const isProvider = (name: string): name is Provider => PROVIDERS.some((each) => each === name);

/** Sends the browser to the provider's page. @throws ApiError when sign-ins are not set up */
export async function beginConnect(company_id: number, provider?: Provider): Promise<void> {
  const query = { company_id, return_to: "/app/mailboxes", ...(provider ? { provider } : {}) };
  const { url } = await take(api.GET("/accounts/connect", { params: { query } }));
  location.assign(url);
}

/** What the address says of a sign-in. */
export interface Returned {
  account_id?: string;
  code?: string;
  state?: string;
  error?: string;
  detail?: string;
}

const PARAMETERS = ["account_id", "code", "state", "error", "detail"] as const;

/**
 * Reads what became of a sign-in, and takes it out of the address: a reload must not repeat it, and a code is secret.
 * @returns null when the address says nothing
 */
export function takeReturned(): Returned | null {
  const url = new URL(location.href);
  const returned: Returned = {};
  for (const name of PARAMETERS) {
    const value = url.searchParams.get(name);
    if (value !== null) returned[name] = value;
    url.searchParams.delete(name);
  }
  if (Object.keys(returned).length === 0) return null;
  history.replaceState(history.state, "", url.pathname + url.search);
  return returned;
}

const SENTENCES: Record<string, Key> = {
  access_denied: "connect.denied",
  expired: "connect.expired",
  provider_failed: "connect.provider",
  unavailable: "connect.later",
  internal: "connect.later",
};

/**
 * Completes a sign-in whose browser has come back.
 * @returns the id of the mailbox
 * @throws what `sentenceOfConnect` explains
 */
export async function finishConnect({ account_id, code, state, error, detail }: Returned): Promise<string> {
  if (error !== undefined) throw new Refused(error, detail);
  const id = account_id ?? (code && state ? (await finish(code, state)).id : undefined);
  if (!id) throw new Refused("invalid", undefined);
  await queries.invalidateQueries(mailboxesQuery);
  return id;
}

const finish = (code: string, state: string): Promise<Mailbox> =>
  take(api.POST("/accounts/connect", { body: { code, state } }));

/** A sign-in that has failed, with a sentence. */
class Refused extends Error {
  constructor(error: string, detail: string | undefined) {
    const key = SENTENCES[error];
    super(key ? t(key) : (detail ?? t("connect.invalid")));
  }
}

/** A sentence that says why a sign-in has failed. */
export const sentenceOfConnect = (error: unknown): string =>
  error instanceof Refused ? error.message : sentenceOf(error);
