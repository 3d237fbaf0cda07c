import { createHash, createVerify, type KeyObject } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { consentPage } from "./consent-page.ts";
import { type Provider, Tokens } from "./tokens.ts";

export interface OAuthOptions {
  clients: { id: string; secret: string }[];
  /** For Google's delegation: who may sign for the mailboxes of a domain. */
  serviceAccounts?: { email: string; publicKey: KeyObject }[];
  /** Whose consent the page offers. */
  addresses?: string[];
  /** For POST /control/…; without it there is no control. */
  controlToken?: string;
}

const authorizeQuery = z.object({
  client_id: z.string(),
  redirect_uri: z.url(),
  response_type: z.literal("code"),
  scope: z.string().min(1),
  state: z.string().min(1),
  code_challenge: z.string().length(43),
  code_challenge_method: z.literal("S256"),
});

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const APP_SCOPE = "https://outlook.office365.com/.default";

const base64Url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** RFC 6749 section 5.2. */
class Refused extends Error {
  readonly error: string;
  constructor(error: string) {
    super(error);
    this.error = error;
  }
}

/**
 * An authorization server for laptops and tests, with the paths /google/… and /microsoft/…: RFC 6749, PKCE (RFC 7636),
 * JWT bearer (RFC 7523). `GET …/authorize?sim_auto=<address>` consents without the page, `sim_error=access_denied` refuses.
 */
export function createOAuth(options: OAuthOptions) {
  const tokens = new Tokens();
  const asked: string[] = [];
  const claimed = new Map<string, string>();
  let fault: { status: number; body: string; retryAfter?: string; times: number } | undefined;

  const app = new Hono<{ Variables: { provider: Provider } }>();

  app.get("/:provider{google|microsoft}/authorize", (c) => {
    const parsed = authorizeQuery.safeParse(c.req.query());
    if (!parsed.success) return c.text(z.prettifyError(parsed.error), 400);
    const { client_id, redirect_uri, state, scope, code_challenge } = parsed.data;
    if (!options.clients.some(({ id }) => id === client_id)) return c.text("unknown client", 400);
    const provider = c.req.param("provider") as Provider;
    const { sim_auto: address, sim_error: error } = c.req.query();
    if (!address && !error) return c.html(consentPage(c.req.url, scope, options.addresses ?? []));
    const back = new URL(redirect_uri);
    back.searchParams.set("state", state);
    if (error) back.searchParams.set("error", error);
    else {
      const consent = { provider, clientId: client_id, address: address! };
      const code = tokens.addCode({ ...consent, redirectUri: redirect_uri, challenge: code_challenge });
      back.searchParams.set("code", code);
    }
    return c.redirect(back.href, 302);
  });

  app.post("/:provider{google|microsoft}/token", async (c) => {
    const form = Object.fromEntries(new URLSearchParams(await c.req.text()));
    asked.push(`${c.req.param("provider")} ${form.grant_type}`);
    if (fault && fault.times-- > 0) {
      if (fault.retryAfter) c.header("retry-after", fault.retryAfter);
      return c.body(fault.body, fault.status as 500);
    }
    try {
      return c.json(grant(c.req.param("provider") as Provider, form));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const detail = { error: error.error, error_description: "secret details of the provider" };
      return c.json(detail, error.error === "invalid_client" ? 401 : 400);
    }
  });

  app.use("/control/*", async (c, next) => {
    const isOpen = options.controlToken && c.req.header("x-control-token") === options.controlToken;
    return isOpen ? next() : c.text("no such page", 404);
  });

  app.get("/control/asked", (c) => c.json(asked));

  app.get("/control/valid", (c) =>
    c.json(tokens.isValid(c.req.query("token") ?? "", c.req.query("address") ?? "")),
  );

  app.post("/control/:what{lifetime|fault|claim|revoke|refresh}", async (c) => {
    const body = await c.req.json();
    const what = c.req.param("what");
    if (what === "lifetime") tokens.lifetime = body.seconds;
    if (what === "fault") fault = body;
    if (what === "claim") claimed.set(body.address, body.as);
    if (what === "revoke") tokens.revoke(body.address, body.what ?? "refresh");
    if (what === "refresh") return c.json(tokens.addRefresh(body));
    return c.body(null, 204);
  });

  function grant(provider: Provider, form: Record<string, string>): object {
    if (form.grant_type === JWT_BEARER) return delegated(form.assertion ?? "");
    const isKnown = options.clients.some(
      ({ id, secret }) => id === form.client_id && secret === form.client_secret,
    );
    if (!isKnown) throw new Refused("invalid_client");
    if (form.grant_type === "client_credentials") {
      if (provider !== "microsoft" || form.scope !== APP_SCOPE) throw new Refused("invalid_scope");
      return answer("*");
    }
    if (form.grant_type === "refresh_token") {
      const consent = tokens.consentOf(form.refresh_token ?? "");
      const isOwn = consent?.provider === provider && consent.clientId === form.client_id;
      if (!consent || !isOwn) throw new Refused("invalid_grant");
      const rotated = tokens.rotate(form.refresh_token ?? "");
      return { ...answer(consent.address), ...(rotated ? { refresh_token: rotated } : {}) };
    }
    if (form.grant_type === "authorization_code") return exchanged(provider, form);
    throw new Refused("unsupported_grant_type");
  }

  function exchanged(provider: Provider, form: Record<string, string>): object {
    const code = tokens.takeCode(form.code ?? "");
    const challenge = createHash("sha256")
      .update(form.code_verifier ?? "")
      .digest("base64url");
    const isOwn =
      code?.provider === provider &&
      code.clientId === form.client_id &&
      code.redirectUri === form.redirect_uri &&
      code.challenge === challenge;
    if (!code || !isOwn) throw new Refused("invalid_grant");
    const now = Math.floor(Date.now() / 1000);
    const address = claimed.get(code.address) ?? code.address;
    const who =
      provider === "google" ? { email: address, email_verified: true } : { preferred_username: address };
    const claims = { aud: code.clientId, iat: now, exp: now + 3600, ...who };
    return {
      ...answer(code.address),
      refresh_token: tokens.addRefresh(code),
      id_token: `${base64Url({ alg: "RS256", typ: "JWT" })}.${base64Url(claims)}.not-checked`,
    };
  }

  /** Google's delegation: a service account asks for the mailbox that `sub` names. */
  function delegated(assertion: string): object {
    const [header = "", payload = "", signature = ""] = assertion.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
    const account = options.serviceAccounts?.find(({ email }) => email === claims.iss);
    const verifier = createVerify("RSA-SHA256").update(`${header}.${payload}`);
    const isSigned = account && verifier.verify(account.publicKey, Buffer.from(signature, "base64url"));
    const now = Date.now() / 1000;
    const isTimely = claims.iat <= now + 60 && claims.exp > now && claims.exp - claims.iat <= 3600;
    if (!isSigned || !isTimely || !String(claims.aud).endsWith("/google/token"))
      throw new Refused("invalid_grant");
    if (claims.scope !== "https://mail.google.com/") throw new Refused("invalid_scope");
    return answer(claims.sub);
  }

  function answer(address: string): object {
    const { name, seconds } = tokens.addAccess(address);
    return { access_token: name, token_type: "Bearer", expires_in: seconds };
  }

  return {
    fetch: (request: Request): Promise<Response> => Promise.resolve(app.fetch(request)),
    /** Whether a mail server may let this token into a mailbox. */
    isValid: (token: string, address: string): boolean => tokens.isValid(token, address),
  };
}
