import { expect } from "vitest";
import { type Client, call } from "./client.ts";

/** A sign-in of a mailbox's owner that has begun. */
export interface SignIn {
  /** The provider's page. */
  page: URL;
  state: string;
  /** The cookie that the browser got, as it sends it. */
  cookie: string;
}

const CALLBACK = "https://xabar.test/accounts/connect/callback";

/** Asks for the URL of a sign-in, in the client's first company unless told otherwise. */
export const askToConnect = ({ call, claims }: Client, query: Record<string, string> = {}) => {
  const company_id = String(claims.companies[0]);
  const all = { company_id, provider: "google", return_to: "/settings", ...query };
  return call("GET", `/accounts/connect?${new URLSearchParams(all)}`);
};

export async function beginSignIn(client: Client, query: Record<string, string> = {}): Promise<SignIn> {
  const { status, body, headers } = await askToConnect(client, query);
  expect(status, JSON.stringify(body)).toBe(200);
  const page = new URL(body.url);
  const [cookie = ""] = (headers.get("set-cookie") ?? "").split(";");
  return { page, state: page.searchParams.get("state") ?? "", cookie };
}

/** The owner answers on the provider's page. @returns the URL that the browser is sent to */
async function answerAt({ page }: SignIn, answer: Record<string, string>): Promise<URL> {
  const url = new URL(page);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  const response = await fetch(url, { redirect: "manual" });
  expect(response.status, await response.text()).toBe(302);
  const back = new URL(response.headers.get("location") ?? "");
  expect(back.origin + back.pathname).toBe(CALLBACK);
  return back;
}

/** The owner of a mailbox consents. */
export const consent = (signIn: SignIn, email: string): Promise<URL> => answerAt(signIn, { sim_auto: email });

export const deny = (signIn: SignIn): Promise<URL> => answerAt(signIn, { sim_error: "oauth_failed" });

/** A browser comes back from the provider. */
export const comeBack = (url: URL, cookie?: string) =>
  call(null, "GET", url.pathname + url.search, undefined, cookie ? { cookie } : {});

/** The same, to where it is sent next. */
export async function landing(url: URL, cookie?: string): Promise<URL> {
  const { status, headers, body } = await comeBack(url, cookie);
  expect(status, JSON.stringify(body)).toBe(302);
  return new URL(headers.get("location") ?? "");
}

/** What the page there is told. */
export const toldAt = (url: URL): Record<string, string> => Object.fromEntries(url.searchParams);

/** Connects a mailbox in one browser. @returns what its page is told */
export async function signIn(client: Client, email: string, query: Record<string, string> = {}) {
  const begun = await beginSignIn(client, query);
  return toldAt(await landing(await consent(begun, email), begun.cookie));
}
