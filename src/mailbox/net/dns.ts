import { withDeadline } from "../../lib/deadline.ts";
import { readCapped } from "../../lib/read-capped.ts";
import type { MailboxEnv } from "../env.ts";

/** RFC 1035 section 3.2.2 and the RFCs of later types. */
const TYPES = { A: 1, MX: 15, AAAA: 28, SRV: 33 } as const;

const DEFAULT_URL = "https://cloudflare-dns.com/dns-query";

/** No honest answer of these types is near it. In bytes. */
const MAX_ANSWER = 65_536;

/** In milliseconds. */
const PATIENCE = 5000;

/** NOERROR and NXDOMAIN: the name has no such record. Any other code means that nobody could say. */
const SETTLED = [0, 3];

interface Answer {
  Status?: unknown;
  Answer?: { type?: unknown; data?: unknown }[];
}

/**
 * Asks a resolver by HTTPS, since a Worker has no other. The form is that of Cloudflare's and Google's JSON API.
 * @returns the data of the records, for example `10 mx.example.com.`; none for a name without such records
 * @throws Error if the resolver cannot be asked, or has no answer
 */
export function lookUp(
  { DNS_URL }: Pick<MailboxEnv, "DNS_URL">,
  name: string,
  type: keyof typeof TYPES,
): Promise<string[]> {
  const url = new URL(DNS_URL || DEFAULT_URL);
  url.searchParams.set("name", name);
  url.searchParams.set("type", type);
  return withDeadline(PATIENCE, async (signal) => {
    const response = await fetch(url, { headers: { accept: "application/dns-json" }, signal });
    const bytes = await readCapped(response.body, MAX_ANSWER);
    const answer: Answer = JSON.parse(new TextDecoder().decode(bytes));
    if (!response.ok || !SETTLED.includes(Number(answer.Status ?? -1))) {
      throw new Error(`The resolver has no answer: ${response.status}, ${answer.Status}`);
    }
    const records = Array.isArray(answer.Answer) ? answer.Answer : [];
    return records.flatMap(({ type: found, data }) => (found === TYPES[type] ? String(data) : []));
  });
}
