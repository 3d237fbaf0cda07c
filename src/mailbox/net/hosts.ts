import { isLocal } from "../../platform/config.ts";
import type { Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import { canonicalHost, isAddress, isPublicAddress } from "./addresses.ts";
import { lookUp } from "./dns.ts";

/**
 * Where mail servers listen. 26, 2465, 2525 and 2587 are what providers offer beside the standard. Never 25: Cloudflare
 * blocks it, and it takes mail without a login.
 */
const PORTS = [110, 143, 465, 587, 993, 995, 26, 2465, 2525, 2587];

/** Names that are not of the public internet: RFC 6761, 6762, 7686, 8375, 9476, and what companies use at home. */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa|test|example|invalid|onion|alt)$/;

/** Two labels at least, each of letters, digits and hyphens. Some hosts have underscores. */
const PUBLIC_NAME =
  /^(?=.{4,253}$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])$/;

/** How long a connection takes to be refused on the internet, in milliseconds, from and to. */
const REFUSAL = [20, 250] as const;

type HostEnv = Pick<MailboxEnv, "DNS_URL" | "MAIL_LOCAL_HOSTS" | "MAIL_PORTS">;

/**
 * Security: lets through only servers of the public internet, at ports of mail. To be called before each connection.
 * What is refused looks like a server that is not there, also in time, so that nobody can search a network with us. A name
 * that changes its address between this check and the connection is left to Cloudflare, which connects to no private one.
 * @throws MailError CONNECTION_FAILED
 */
export async function checkHost(env: HostEnv, server: Pick<Server, "hostname" | "port">): Promise<void> {
  if (isLocallyAllowed(env, server)) return;
  if (isMailHost(env, server) && (await isPublicHost(env, server.hostname))) return;
  await pause();
  throw new MailError("CONNECTION_FAILED", UNREACHABLE);
}

/** What is said of every server that cannot be reached. */
export const UNREACHABLE = "The mail server cannot be reached";

/** Whether the name and the port alone may be of a public mail server. */
export function isMailHost(
  { MAIL_PORTS }: Pick<MailboxEnv, "MAIL_PORTS">,
  { hostname, port }: Pick<Server, "hostname" | "port">,
): boolean {
  const others = MAIL_PORTS?.split(",").map(Number) ?? [];
  if (port === 25 || ![...PORTS, ...others].includes(port)) return false;
  // In another form, what was checked may not be what is connected to.
  if (canonicalHost(hostname) !== hostname) return false;
  return isAddress(hostname) ? isPublicAddress(hostname) : isPublicName(hostname);
}

const isPublicName = (hostname: string): boolean =>
  PUBLIC_NAME.test(hostname) && !PRIVATE_NAME.test(hostname);

/** Whether all addresses of a host are public. If the resolver cannot say, they are not. */
export async function isPublicHost(env: HostEnv, hostname: string): Promise<boolean> {
  if (isAddress(hostname)) return isPublicAddress(hostname);
  if (!isPublicName(hostname)) return false;
  try {
    const found = await Promise.all([lookUp(env, hostname, "A"), lookUp(env, hostname, "AAAA")]);
    const addresses = found.flat();
    return addresses.length > 0 && addresses.every(isPublicAddress);
  } catch {
    return false;
  }
}

/** Security: a var alone cannot open a deployed script, since `isLocal` is fixed in its bundle. */
function isLocallyAllowed(
  { MAIL_LOCAL_HOSTS }: HostEnv,
  { hostname, port }: Pick<Server, "hostname" | "port">,
): boolean {
  if (!MAIL_LOCAL_HOSTS || !isLocal()) return false;
  return MAIL_LOCAL_HOSTS.split(",").some((allowed) =>
    [`${hostname}:${port}`, `${hostname}:*`].includes(allowed.trim()),
  );
}

function pause(): Promise<void> {
  const [from, to] = REFUSAL;
  return new Promise((resolve) => setTimeout(resolve, from + Math.random() * (to - from)));
}
