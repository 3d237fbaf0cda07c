const HOST = "https://internet.test";
const OAUTH = "https://oauth.test/control";

const post = (url: string, body: object) =>
  fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "x-control-token": "test-control" } });

const get = async <T>(url: string): Promise<T> =>
  (await fetch(url, { headers: { "x-control-token": "test-control" } })).json();

/** A domain that no other test has. */
export const newDomain = (): string => `d${crypto.randomUUID().slice(0, 8)}.uz`;

type Records = Partial<Record<"A" | "AAAA" | "MX" | "SRV", string[] | "broken">>;

/** Puts names into the resolver's zone. */
export const putRecords = (names: Record<string, Records>) => post(`${HOST}/records`, names);

/** Puts pages on the web, by URL. */
export const putPages = (pages: Record<string, { status: number; body: string }>) =>
  post(`${HOST}/pages`, pages);

/** The URLs that the mailbox script asked for, but for the resolver and the authorization server. */
export const visits = () => get<string[]>(`${HOST}/visits`);

/** The authorization server, as its operator sees it. */
export const oauth = {
  /** How often it was asked for tokens: `<provider> <grant type>` for each. */
  asked: () => get<string[]>(`${OAUTH}/asked`),
  /** Whether a mail server may let a token into a mailbox. */
  isValid: (token: string, address: string) =>
    get<boolean>(`${OAUTH}/valid?${new URLSearchParams({ token, address })}`),
  /** How long access tokens last that are given out from now on. */
  setLifetime: (seconds: number) => post(`${OAUTH}/lifetime`, { seconds }),
  /** The next answers of its token endpoint. */
  fail: (fault: { status: number; body: string; retryAfter?: string; times: number }) =>
    post(`${OAUTH}/fault`, fault),
  /** Lets its id tokens say another address. */
  claim: (address: string, as: string) => post(`${OAUTH}/claim`, { address, as }),
  revoke: (address: string, what: "refresh" | "all" = "refresh") =>
    post(`${OAUTH}/revoke`, { address, what }),
  /** A refresh token, as if somebody had consented elsewhere. */
  refreshToken: (provider: string, address: string): Promise<string> =>
    post(`${OAUTH}/refresh`, { provider, address, clientId: "test-client" }).then((answer) => answer.json()),
};

/** Opens the consent page, and answers it. @returns what it sends back to the redirect URI */
export async function consent(url: string, answer: { sim_auto: string } | { sim_error: string }) {
  const page = new URL(url);
  for (const [name, value] of Object.entries(answer)) page.searchParams.set(name, value);
  const { headers, status } = await fetch(page, { redirect: "manual" });
  const back = new URL(headers.get("location") ?? "https://nowhere.test/");
  return { status, ...Object.fromEntries(back.searchParams) } as {
    status: number;
    code: string;
    state: string;
    error?: string;
  };
}
