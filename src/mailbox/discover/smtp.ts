import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxSettings, Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import { lookUp } from "../net/dns.ts";
import { checkHost, isMailHost } from "../net/hosts.ts";
import { credentialsOf } from "../secrets/credentials.ts";
import { smtpLogin } from "../smtp/login.ts";
import { accountOf } from "../store/account.ts";
import { byAutoconfig, byDatabase, domainOf } from "./autoconfig.ts";
import { bySrv } from "./srv.ts";
import { byDomain, byMailExchange } from "./table.ts";

/** How a server became known. */
type Origin = "settings" | "table" | "autoconfig" | "database" | "srv" | "guess";

interface Found {
  server: Server;
  origin: Origin;
}

/** Tells whether the login works at a server. */
type TryLogin = (server: Server) => Promise<void>;

/**
 * The SMTP server of the account. What its owner gave comes first; the rest is looked up once, and kept.
 * @throws MailError SMTP_UNKNOWN, and AUTHENTICATION_FAILED or THROTTLED of a server that was tried
 */
export async function smtpServerOf(ctx: MailboxContext): Promise<Server & { username: string }> {
  const account = accountOf(ctx);
  const { settings, version } = account;
  const username = settings.smtp.username || settings.incoming.username;
  const { server } = given(settings) ?? keptServer(ctx) ?? (await findAndKeep(ctx, settings, version));
  return { ...server, username };
}

/** The SMTP server that is known of settings without a look-up; undefined where there is none. */
export const knownSmtp = (settings: MailboxSettings): Server | undefined =>
  given(settings)?.server ?? (settings.smtp.hostname ? undefined : byDomain(domainOf(settings.emailAddress)));

/** The server that the settings name in full, or that a provider has for its tokens. */
function given({ smtp, login }: MailboxSettings): Found | undefined {
  const { hostname, port, encryption } = smtp;
  if (hostname && (port || encryption))
    return { server: completed(hostname, port, encryption), origin: "settings" };
  // Security: tokens go nowhere else.
  if (login.type !== "oauth2" || hostname) return undefined;
  return login.provider === "google"
    ? { server: { hostname: "smtp.gmail.com", port: 465, encryption: "tls" }, origin: "table" }
    : { server: { hostname: "smtp.office365.com", port: 587, encryption: "starttls" }, origin: "table" };
}

/** RFC 8314 section 3.3: 465 is TLS from the start, 587 begins without. */
function completed(
  hostname: string,
  port: number | undefined,
  encryption: Server["encryption"] | undefined,
): Server {
  const usual = port === 465 ? "tls" : "starttls";
  return { hostname, port: port ?? (encryption === "tls" ? 465 : 587), encryption: encryption ?? usual };
}

function keptServer(ctx: MailboxContext): Found | undefined {
  const row = rowOf<{ smtp_found: string | null }>(ctx, "SELECT smtp_found FROM account");
  return row?.smtp_found ? JSON.parse(row.smtp_found) : undefined;
}

async function findAndKeep(ctx: MailboxContext, settings: MailboxSettings, version: number): Promise<Found> {
  const found = await find(ctx.env, settings, async (server) => {
    await checkHost(ctx.env, server);
    await smtpLogin(server, await credentialsOf(ctx, "smtp", server));
  });
  ctx.sql.exec("UPDATE account SET smtp_found = ? WHERE updated_at = ?", ...[JSON.stringify(found), version]);
  return found;
}

/** In the order of how much a source can be trusted to know. */
async function find(env: MailboxEnv, settings: MailboxSettings, tryLogin: TryLogin): Promise<Found> {
  const { emailAddress, incoming, smtp } = settings;
  const domain = domainOf(emailAddress);
  const sources: [Origin, () => Promise<Server | undefined>][] = smtp.hostname
    ? [["settings", () => firstThatLogsIn([smtp.hostname ?? ""], tryLogin)]]
    : [
        ["table", () => byTable(env, domain)],
        ["autoconfig", () => byAutoconfig(env, emailAddress)],
        ["database", () => byDatabase(env, emailAddress)],
        ["srv", () => bySrv(env, domain, incoming.hostname)],
        ["guess", () => firstThatLogsIn(guessesFrom(incoming.hostname), tryLogin)],
      ];
  for (const [origin, source] of sources) {
    const found = await source();
    if (!found) continue;
    const server = {
      ...found,
      port: smtp.port ?? found.port,
      encryption: smtp.encryption ?? found.encryption,
    };
    if (origin === "guess" || origin === "settings" || isMailHost(env, server)) return { server, origin };
  }
  throw new MailError("SMTP_UNKNOWN", "No SMTP server is known for the account: name one in its settings");
}

async function byTable(env: MailboxEnv, domain: string): Promise<Server | undefined> {
  const known = byDomain(domain);
  if (known) return known;
  const records = await lookUp(env, domain, "MX").catch(() => []);
  const exchanges = records
    .map((record) => /^(\d{1,5}) ([^\s]{1,254})\.$/.exec(record) ?? [])
    .sort(([, left], [, right]) => Number(left) - Number(right));
  return exchanges.flatMap(([, , host]) => (host && byMailExchange(host.toLowerCase())) || [])[0];
}

/** `imap.` becomes `smtp.`; many hosts have one name for all. */
export const guessesFrom = (incoming: string): string[] => [
  ...new Set([incoming.replace(/^(?:imap|pop3?)\./, "smtp."), incoming]),
];

/** The first server that takes the login, with TLS from the start or after STARTTLS. */
export async function firstThatLogsIn(hostnames: string[], tryLogin: TryLogin): Promise<Server | undefined> {
  const servers = hostnames.flatMap((hostname): Server[] => [
    { hostname, port: 465, encryption: "tls" },
    { hostname, port: 587, encryption: "starttls" },
  ]);
  for (const server of servers) {
    try {
      await tryLogin(server);
      return server;
    } catch (error) {
      // A refused login is not for the next server to see.
      const isAnother =
        error instanceof MailError &&
        ["CONNECTION_FAILED", "TLS_UNTRUSTED", "PROTOCOL_MISMATCH"].includes(error.code);
      if (!isAnother) throw error;
    }
  }
  return undefined;
}
