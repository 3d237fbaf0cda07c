import type { Encryption, Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { readPage } from "../net/web.ts";

/** Real ones have up to some thousand bytes. */
const MAX_PAGE = 65_536;

const THUNDERBIRD = "https://autoconfig.thunderbird.net/v1.1/";

/** Mozilla's autoconfig names for it. A server without TLS is not taken: it would see the password, and so would others. */
const ENCRYPTIONS = new Map<string, Encryption>([
  ["SSL", "tls"],
  ["STARTTLS", "starttls"],
]);

/** The SMTP server that a domain itself publishes, as Thunderbird reads it. */
export async function byAutoconfig(env: MailboxEnv, address: string): Promise<Server | undefined> {
  const domain = domainOf(address);
  const query = new URLSearchParams({ emailaddress: address });
  const pages = await Promise.all([
    readPage(env, `https://autoconfig.${domain}/mail/config-v1.1.xml?${query}`, MAX_PAGE),
    readPage(env, `https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`, MAX_PAGE),
  ]);
  return pages.flatMap((page) => (page && smtpIn(page, domain)) || [])[0];
}

/** The SMTP server in a database of providers, which is asked for the domain alone. */
export async function byDatabase(env: MailboxEnv, address: string): Promise<Server | undefined> {
  const { DISCOVERY_URL = THUNDERBIRD } = env;
  if (DISCOVERY_URL === "none") return undefined;
  const domain = domainOf(address);
  const base = DISCOVERY_URL.replace(/\/?$/, "/");
  const page = await readPage(env, `${base}${encodeURIComponent(domain)}`, MAX_PAGE);
  return page ? smtpIn(page, domain) : undefined;
}

export const domainOf = (address: string): string =>
  address.slice(address.lastIndexOf("@") + 1).toLowerCase();

/** The first SMTP server of a configuration in XML that has TLS. Read with searches alone: each is linear. */
export function smtpIn(xml: string, domain: string): Server | undefined {
  for (const block of blocksOf(withoutComments(xml), "outgoingServer")) {
    const encryption = ENCRYPTIONS.get(textOf(block, "socketType").toUpperCase());
    const hostname = textOf(block, "hostname").replace("%EMAILDOMAIN%", domain).toLowerCase();
    const port = Number(textOf(block, "port"));
    if (encryption && hostname && Number.isInteger(port) && port > 0) return { hostname, port, encryption };
  }
  return undefined;
}

/** What stands between `<name` and `</name>`. */
function blocksOf(xml: string, name: string): string[] {
  const blocks: string[] = [];
  for (let at = 0; ; ) {
    const from = xml.indexOf(`<${name}`, at);
    const to = from < 0 ? -1 : xml.indexOf(`</${name}>`, from);
    if (to < 0) return blocks;
    blocks.push(xml.slice(from, to));
    at = to + name.length;
  }
}

const textOf = (xml: string, name: string): string => {
  const [block = ""] = blocksOf(xml, name);
  return block.slice(block.indexOf(">") + 1).trim();
};

function withoutComments(xml: string): string {
  const [before = "", ...others] = xml.split("<!--");
  const after = others.map((part) => (part.includes("-->") ? part.slice(part.indexOf("-->") + 3) : ""));
  return before + after.join("");
}
