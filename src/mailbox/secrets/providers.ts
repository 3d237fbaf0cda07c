import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { defineConfig, url } from "../../platform/config.ts";
import type { Login, MailboxSettings, OAuthProvider, Owner, Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";

/** The pages of a provider, for the sign-in and for tokens. Microsoft's have the directory in their path. */
const ENDPOINTS = {
  google: {
    authorize: "https://accounts.google.com/o/oauth2/v2/auth",
    token: "https://oauth2.googleapis.com/token",
  },
  microsoft: {
    authorize: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
  },
} as const;

/** The providers' mail servers: hosts below these domains. */
const HOSTS = {
  google: ["gmail.com", "googlemail.com"],
  microsoft: ["office365.com", "office.com", "outlook.com"],
} as const;

/** What a user consents to. `offline_access`, and Google's `access_type`, ask for a refresh token. */
const USER_SCOPES = {
  google: "https://mail.google.com/ openid email",
  microsoft: [
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/POP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
    "offline_access openid email profile",
  ].join(" "),
} as const;

const Endpoints = lazy(() => z.object({ authorize: z.optional(url()), token: z.optional(url()) }));

/** An organisation whose mailboxes the operator may open for one tenant, without a consent for each. */
const Organisations = lazy(() =>
  z.array(
    z.object({
      tenantId: z.string(),
      /** Microsoft: the directory's id or domain. Google: a name of the operator's choice. */
      tenant: z.string(),
      domains: z.array(z.string()),
    }),
  ),
);

const Client = lazy(() =>
  z.object({
    id: z.string(),
    secret: z.string(),
    /** Microsoft: the directory that may sign in; default `common`, any. */
    tenant: z.optional(z.string()),
    organisations: z.optional(Organisations()),
    /** Google: who signs for the mailboxes of organisations. `key` is in PEM, as in Google's file. */
    serviceAccount: z.optional(z.object({ email: z.string(), key: z.string() })),
    endpoints: z.optional(Endpoints()),
    /** Mail servers that tokens may go to, besides the provider's own, with or without TLS: for stand-ins. */
    hosts: z.optional(z.array(z.string())),
  }),
);
export type OAuthClient = z.infer<ReturnType<typeof Client>>;

const Clients = lazy(() => z.object({ google: z.optional(Client()), microsoft: z.optional(Client()) }));

const config = defineConfig(() => z.object({ MAIL_OAUTH: z.optional(z.string()) }));

/** @throws MailError OAUTH_UNAVAILABLE */
export function clientOf(env: MailboxEnv, provider: OAuthProvider): OAuthClient {
  const client = clientsOf(config(env).MAIL_OAUTH)?.[provider];
  if (!client) throw unavailable(`There is no OAuth client for ${provider}`);
  return client;
}

function clientsOf(text: string | undefined) {
  try {
    return text === undefined ? undefined : Clients().parse(JSON.parse(text));
  } catch {
    return undefined; // Security: what is wrong with a text that has secrets is not for a log.
  }
}

/** A page of the provider. @param tenant the directory, for Microsoft */
export function endpointOf(
  provider: OAuthProvider,
  client: OAuthClient,
  page: "authorize" | "token",
  tenant = client.tenant ?? "common",
): URL {
  const template = client.endpoints?.[page] ?? ENDPOINTS[provider][page];
  return new URL(template.replace("{tenant}", encodeURIComponent(tenant)));
}

export const scopesOf = (provider: OAuthProvider): string => USER_SCOPES[provider];

/**
 * Security: refuses an OAuth login that the operator has not provided for. Tokens go to the provider's mail servers only.
 * The operator's own right to an organisation opens any mailbox, so it is for the tenant and the domains of MAIL_OAUTH.
 * @throws MailError OAUTH_UNAVAILABLE
 */
export function checkOAuth(env: MailboxEnv, owner: Pick<Owner, "tenantId">, settings: MailboxSettings): void {
  const { login, incoming, smtp } = settings;
  if (login.type !== "oauth2") return;
  const client = clientOf(env, login.provider);
  checkServer(env, login, incoming);
  if (smtp.hostname !== undefined) checkServer(env, login, smtp);
  if (login.flow === "app" && !isOpenTo(client, owner.tenantId, login.tenant, settings)) {
    throw unavailable("This organisation is not open to the account");
  }
}

/**
 * Security: refuses to give tokens to a mail server that is not the provider's, or without TLS.
 * @throws MailError OAUTH_UNAVAILABLE
 */
export function checkServer(
  env: MailboxEnv,
  { provider }: OAuthLogin,
  { hostname = "", encryption = "tls" }: Partial<Server>,
): void {
  if (clientOf(env, provider).hosts?.includes(hostname)) return;
  const isTheirs = HOSTS[provider].some((domain) => hostname.endsWith(`.${domain}`));
  if (!isTheirs || encryption === "none") {
    throw unavailable(`Tokens go to the mail servers of ${provider} only, with TLS`);
  }
}

/** Whether a tenant may open a mailbox by the operator's right to an organisation. */
function isOpenTo(
  { organisations = [] }: OAuthClient,
  tenantId: string,
  organisation: string,
  { emailAddress, incoming, smtp }: MailboxSettings,
): boolean {
  const names = [emailAddress, incoming.username, smtp.username ?? emailAddress];
  return organisations.some(
    (open) =>
      open.tenantId === tenantId &&
      open.tenant === organisation &&
      names.every((name) => open.domains.some((domain) => isAt(name, domain))),
  );
}

const isAt = (address: string, domain: string): boolean =>
  address.toLowerCase().endsWith(`@${domain.toLowerCase()}`);

const unavailable = (message: string) => new MailError("OAUTH_UNAVAILABLE", message);

export type OAuthLogin = Extract<Login, { type: "oauth2" }>;
