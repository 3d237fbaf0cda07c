import { generateKeyPairSync } from "node:crypto";
import { createOAuth } from "../../../dev/mail/oauth/server.ts";

interface Page {
  status: number;
  /** Of a redirect, where to. */
  body: string;
}

const RECORD_TYPES = ["A", "AAAA", "MX", "SRV"];
const TYPE_NUMBERS = new Map([
  ["A", 1],
  ["MX", 15],
  ["AAAA", 28],
  ["SRV", 33],
]);

/**
 * All that the mailbox script's requests reach in tests: a resolver, an authorization server, pages, and what is added. What
 * the first and the pages know, tests put there: `POST https://internet.test/records` and `/pages`, objects by name.
 */
export function createInternet() {
  const others = new Map<string, (request: Request) => Promise<Response>>();
  const records = new Map<string, Record<string, string[] | "broken">>();
  const pages = new Map<string, Page>();
  const visits: string[] = [];
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const oauth = createOAuth({
    clients: [{ id: "test-client", secret: "test-client-secret" }],
    serviceAccounts: [{ email: "robot@project.test", publicKey }],
    controlToken: "test-control",
  });

  function resolve({ searchParams }: URL): Response {
    const type = searchParams.get("type") ?? "";
    const found = records.get(searchParams.get("name") ?? "")?.[type];
    if (found === "broken") return Response.json({ Status: 2 });
    const data = RECORD_TYPES.includes(type) ? (found ?? []) : [];
    const number = TYPE_NUMBERS.get(type);
    return Response.json({
      Status: found ? 0 : 3,
      Answer: data.map((each) => ({ type: number, data: each })),
    });
  }

  async function control(request: Request, path: string): Promise<Response> {
    if (path === "/visits") return Response.json(visits);
    const given = Object.entries((await request.json()) as Record<string, never>);
    for (const [name, value] of given) (path === "/records" ? records : pages).set(name, value);
    return new Response(null, { status: 204 });
  }

  async function fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.hostname === "oauth.test") return oauth.fetch(request);
    const other = others.get(url.hostname);
    if (other) return other(request);
    if (url.hostname === "internet.test") return control(request, url.pathname);
    if (url.hostname === "dns.test") return resolve(url);
    visits.push(request.url);
    const page = pages.get(request.url);
    if (!page) throw new Error(`Nobody is at ${url.hostname}`);
    if (page.status === 302) return Response.redirect(page.body, 302);
    return new Response(page.body, { status: page.status });
  }

  const endpoints = (provider: string) => ({
    authorize: `https://oauth.test/${provider}/authorize`,
    token: `https://oauth.test/${provider}/token`,
  });
  const client = { id: "test-client", secret: "test-client-secret", hosts: ["localhost"] };
  const organisations = [
    { tenantId: "00000000-0000-4000-8000-000000000001", tenant: "contoso", domains: ["contoso.test"] },
  ];
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  return {
    fetch,
    add: (hostname: string, answer: (request: Request) => Promise<Response>) =>
      void others.set(hostname, answer),
    /** Whether a mail server may let the token into the mailbox. */
    isToken: oauth.isValid,
    /** The bindings that lead there. */
    bindings: {
      DNS_URL: "https://dns.test/dns-query",
      DISCOVERY_URL: "https://ispdb.uz/v1.1/",
      MAIL_OAUTH: JSON.stringify({
        google: {
          ...client,
          endpoints: endpoints("google"),
          serviceAccount: { email: "robot@project.test", key },
          organisations,
        },
        microsoft: { ...client, endpoints: endpoints("microsoft"), organisations },
      }),
    },
  };
}
