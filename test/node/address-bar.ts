import { request } from "undici";
import { beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import document from "../../openapi.json" with { type: "json" };
import type { DevServer } from "./support/dev-server.ts";

/** What a browser sends when somebody types an address or follows a link. */
const NAVIGATION = {
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "none",
  "sec-fetch-user": "?1",
  "upgrade-insecure-requests": "1",
};

const PATHS = Object.entries(document.paths).flatMap(([path, methods]) => ("get" in methods ? path : []));

interface Answer {
  status: number;
  type: unknown;
  location: unknown;
  body: string;
}

/** The answer to a GET, without redirects. The body of a stream is not read. */
async function get(url: string, headers: Record<string, string>): Promise<Answer> {
  const { statusCode: status, headers: answered, body } = await request(url, { headers });
  const { "content-type": type, location } = answered;
  const isEndless = String(type).startsWith("text/event-stream");
  if (!isEndless) return { status, type, location, body: await body.text() };
  body.destroy();
  return { status, type, location, body: "" };
}

/** No API path is taken by the page of the web inbox: test/routes.test.ts holds openapi.json to the routes. */
export function addressBarFacts(server: () => DevServer): void {
  describe("typed into the address bar", () => {
    const ids: Record<string, string> = { company_id: "1" };

    beforeAll(async () => {
      const { url, token } = server();
      const api = createClient({ baseUrl: url, token: () => token });
      const [{ data: inbox }, { data: accounts }] = await Promise.all([
        api.GET("/inbox", { params: { query: { size: 1 } } }),
        api.GET("/accounts"),
      ]);
      const [[entry], [account]] = [inbox!.items, accounts!];
      Object.assign(ids, {
        inbox_id: entry!.id,
        message_id: entry!.message.id,
        thread_id: entry!.message.thread_id,
        account_id: account!.id,
      });
    });

    test.each(PATHS)("GET %s answers as to a script, with a token and without", async (path) => {
      const { url, token } = server();
      const address = url + path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? crypto.randomUUID());
      for (const authorization of [{}, { authorization: `Bearer ${token}` }]) {
        const before = await get(address, { ...authorization });
        const navigated = await get(address, { ...NAVIGATION, ...authorization });
        const after = await get(address, { ...authorization });
        expect(navigated.body).not.toContain('<div id="root">');
        // Some bodies differ each time: they have the time, or a new signature.
        const body = before.body === after.body ? before.body : expect.any(String);
        expect(navigated).toEqual({ ...before, body });
      }
    });
  });
}
