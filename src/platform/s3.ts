import { isSameText } from "../lib/hmac.ts";

/** A key pair of an S3 API: R2's own, or one that the Worker derives for its own route. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * Signs a URL for one GET (AWS Signature Version 4, query parameters).
 * @param url with `X-Amz-Expires` (seconds) and any `response-*` parameters
 */
export const signUrl = (url: URL, credentials: S3Credentials): Promise<URL> => sign(url, credentials, {});

/**
 * Verifies a URL of `signUrl` with the same credentials.
 * @returns false when it was altered, has expired, or was signed with other credentials
 */
export async function isSigned(url: URL, credentials: S3Credentials): Promise<boolean> {
  const { searchParams } = url;
  const signature = searchParams.get("X-Amz-Signature") ?? "";
  const datetime = searchParams.get("X-Amz-Date") ?? "";
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(datetime) ?? [];
  const signedAt = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  if (!(Date.now() < signedAt + Number(searchParams.get("X-Amz-Expires")) * 1000)) return false;
  const unsigned = new URL(url);
  unsigned.searchParams.delete("X-Amz-Signature");
  const expected = await sign(unsigned, credentials, { datetime });
  return isSameText(signature, expected.searchParams.get("X-Amz-Signature") ?? "");
}

async function sign(url: URL, credentials: S3Credentials, at: { datetime?: string }): Promise<URL> {
  const request = { url: url.href, service: "s3", region: "auto", signQuery: true, ...credentials, ...at };
  // Imported on first use: only downloads need it. A package, unlike our own files, shares no import with the start.
  const { AwsV4Signer } = await import("aws4fetch");
  return (await new AwsV4Signer(request).sign()).url;
}
