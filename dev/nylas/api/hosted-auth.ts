import { createHash } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { providerFaults } from "../faults/middleware.ts";
import type { Api } from "../http/api.ts";
import { invalidRequest } from "../http/errors.ts";
import { connect } from "../mailboxes/grants.ts";
import { opaqueToken, PROVIDERS } from "../store/ids.ts";
import type { AuthCode } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { now } from "../store/world.ts";
import { consentPage } from "./consent-page.ts";
import { limitApplication } from "./limits.ts";

const CODE_LIFETIME = 10 * 60 * 1000;

const authQuery = z.object({
  client_id: z.string().min(1),
  redirect_uri: z.url(),
  response_type: z.literal("code"),
  provider: z.enum(PROVIDERS).default("google"),
  access_type: z.enum(["online", "offline"]).default("online"),
  state: z.string().max(256).exactOptional(),
  code_challenge: z.string().exactOptional(),
  code_challenge_method: z
    .string()
    .regex(/^(plain|S256)$/i)
    .default("plain"),
});

const exchange = z.object({
  client_id: z.string(),
  client_secret: z.string().exactOptional(),
  grant_type: z.literal("authorization_code"),
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string().exactOptional(),
});

/**
 * OAuth, under /v3/connect: the consent page and the exchange of its code. `?sim_auto=<email>` or
 * `?sim_error=oauth_failed` skip the page. Neither route needs an Authorization header.
 */
export function hostedAuthRoutes(world: World, apiKey: string): Hono<Api> {
  const routes = new Hono<Api>();
  const limit = limitApplication(world);

  routes.get("/auth", limit, (c) => {
    const parsed = authQuery.safeParse(c.req.query());
    if (!parsed.success) throw invalidRequest(z.prettifyError(parsed.error));
    const { sim_auto: email, sim_error: error } = c.req.query();
    if (!email && !error) return c.html(consentPage(c.req.query()));
    const { redirect_uri, state } = parsed.data;
    const back = new URL(redirect_uri);
    if (error) {
      // Nylas: 45002 is a rejection by the provider, or by the user.
      back.searchParams.set("error", error);
      back.searchParams.set("error_code", "45002");
      back.searchParams.set("error_description", "the user did not consent");
    } else {
      back.searchParams.set("code", grantCode(world, parsed.data, email!));
    }
    if (state !== undefined) back.searchParams.set("state", state);
    return c.redirect(back.href, 302);
  });

  routes.post("/token", limit, providerFaults(world), (c) => {
    const body = c.get("body");
    const parsed = exchange.safeParse(body.kind === "json" ? body.value : undefined);
    if (!parsed.success) return c.json(oauthError("invalid_request", z.prettifyError(parsed.error)), 400);
    const bearer = c.req.header("authorization")?.replace("Bearer ", "");
    if ((parsed.data.client_secret ?? bearer) !== apiKey) {
      return c.json(oauthError("invalid_client", "client_secret is not the API key"), 400);
    }
    const consent = takeCode(world, parsed.data);
    if (!consent) return c.json(oauthError("invalid_grant", "the code is unknown, used or expired"), 400);
    const { email, provider, state } = consent;
    const grant = connect(world, { email, provider, ...(state !== undefined && { state }) });
    return c.json({
      access_token: opaqueToken(world.store),
      expires_in: 3600,
      id_token: idToken(grant),
      email: grant.email,
      ...(consent.is_offline && { refresh_token: opaqueToken(world.store) }),
      scope: grant.scope.join(" "),
      token_type: "Bearer",
      grant_id: grant.id,
      provider: grant.provider,
    });
  });

  return routes;
}

function grantCode(world: World, query: z.infer<typeof authQuery>, email: string): string {
  const { client_id, redirect_uri, provider, access_type, state, code_challenge } = query;
  const challenge = query.code_challenge_method.toLowerCase() === "s256" ? "s256" : "plain";
  const code: AuthCode = {
    code: opaqueToken(world.store),
    ...{ email, provider, client_id, redirect_uri },
    is_offline: access_type === "offline",
    ...(state !== undefined && { state }),
    ...(code_challenge !== undefined && { challenge: `${challenge} ${code_challenge}` }),
    expires_at: now(world) + CODE_LIFETIME,
  };
  world.store.codes.set(code.code, code);
  return code.code;
}

/** Redeems a code, which is spent even if the check fails. */
function takeCode(world: World, request: z.infer<typeof exchange>): AuthCode | undefined {
  const consent = world.store.codes.get(request.code);
  world.store.codes.delete(request.code);
  const isGood =
    consent &&
    consent.expires_at > now(world) &&
    consent.client_id === request.client_id &&
    consent.redirect_uri === request.redirect_uri &&
    isProof(request.code_verifier, consent.challenge);
  return isGood ? consent : undefined;
}

// The SDK deviates from RFC 7636: its S256 is the Base64 of the hex digest. Accept both.
function isProof(verifier: string | undefined, challenge: string | undefined): boolean {
  if (challenge === undefined) return true;
  if (verifier === undefined) return false;
  const hash = () => createHash("sha256").update(verifier);
  const hex = Buffer.from(hash().digest("hex")).toString("base64").replace(/=+$/, "");
  const proofs = [`plain ${verifier}`, `s256 ${hash().digest("base64url")}`, `s256 ${hex}`];
  return proofs.includes(challenge);
}

function oauthError(error: string, description: string) {
  return {
    error,
    error_description: description,
    error_uri: "https://developer.nylas.com",
    error_code: "20000",
  };
}

// Unsigned. Clients read from it who has consented.
function idToken({ id, email }: { id: string; email: string }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part({ sub: id, email, email_verified: true })}.`;
}
