import { fromBase64, toBase64Url } from "../../lib/base64.ts";
import { MailError } from "../errors.ts";
import { endpointOf, type OAuthClient, type OAuthLogin } from "./providers.ts";
import { askForTokens, type Grant } from "./token-endpoint.ts";

/** Microsoft: all rights that the directory's admin gave the client. */
const MICROSOFT_SCOPE = "https://outlook.office365.com/.default";

const GOOGLE_SCOPE = "https://mail.google.com/";

/** Google: at most an hour, in seconds. */
const ASSERTION_SECONDS = 3600;

/**
 * An access token by the operator's own right to an organisation: Microsoft's client credentials, or Google's delegation to
 * a service account. The login must have passed `checkOAuth`.
 * @throws MailError OAUTH_UNAVAILABLE, and as askForTokens does
 */
export async function grantForApp(
  client: OAuthClient,
  { provider, tenant }: Extract<OAuthLogin, { flow: "app" }>,
  address: string,
): Promise<Grant> {
  const endpoint = endpointOf(provider, client, "token", tenant);
  if (provider === "microsoft") {
    return askForTokens(endpoint, {
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: client.secret,
      scope: MICROSOFT_SCOPE,
    });
  }
  return askForTokens(endpoint, {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: await assertionOf(client, endpoint, address),
  });
}

/** RFC 7523: what the service account signs, to act for the address. */
async function assertionOf({ serviceAccount }: OAuthClient, endpoint: URL, address: string): Promise<string> {
  if (!serviceAccount) throw new MailError("OAUTH_UNAVAILABLE", "There is no service account for google");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: serviceAccount.email,
    sub: address,
    scope: GOOGLE_SCOPE,
    aud: endpoint.href,
    iat: now,
    exp: now + ASSERTION_SECONDS,
  };
  const encoded = [{ alg: "RS256", typ: "JWT" }, claims].map((part) =>
    toBase64Url(bytesOf(JSON.stringify(part))),
  );
  const signed = encoded.join(".");
  const key = await signingKey(serviceAccount.key);
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, bytesOf(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

/** @param pem PKCS #8 */
async function signingKey(pem: string): Promise<CryptoKey> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  try {
    const der = fromBase64(pem.replace(/-----[^-]+-----|\\n|\s/g, ""));
    return await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  } catch {
    throw new MailError("OAUTH_UNAVAILABLE", "The key of the service account cannot be read");
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
