import type { Encryption, Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { lookUp } from "../net/dns.ts";

/** RFC 8314 section 5.1 and RFC 6186 section 3.1, the better one first. */
const SERVICES: [name: string, encryption: Encryption][] = [
  ["_submissions._tcp", "tls"],
  ["_submission._tcp", "starttls"],
];

/**
 * The SMTP server by SRV records. Security: DNS can be forged, so a server is taken only within the domains that the owner
 * has named: that of the address, or that of the incoming server (RFC 6186 section 6).
 */
export async function bySrv(
  env: MailboxEnv,
  domain: string,
  incomingHost: string,
): Promise<Server | undefined> {
  const parents = [domain, incomingHost.split(".").slice(1).join(".")].filter((parent) =>
    parent.includes("."),
  );
  for (const [service, encryption] of SERVICES) {
    const records = await lookUp(env, `${service}.${domain}`, "SRV").catch(() => []);
    const targets = records.flatMap((record) => targetOf(record) ?? []).sort(byPriority);
    const found = targets.find(({ hostname }) =>
      parents.some((parent) => hostname === parent || hostname.endsWith(`.${parent}`)),
    );
    if (found) return { hostname: found.hostname, port: found.port, encryption };
  }
  return undefined;
}

interface Target {
  priority: number;
  weight: number;
  hostname: string;
  port: number;
}

/** RFC 2782; a target `.` says that there is no such service. */
function targetOf(record: string): Target | undefined {
  const [, priority, weight, port, host] =
    /^(\d{1,5}) (\d{1,5}) (\d{1,5}) ([^\s]{1,254})\.$/.exec(record) ?? [];
  if (host === undefined) return undefined;
  return {
    priority: Number(priority),
    weight: Number(weight),
    hostname: host.toLowerCase(),
    port: Number(port),
  };
}

const byPriority = (left: Target, right: Target): number =>
  left.priority - right.priority || right.weight - left.weight;
