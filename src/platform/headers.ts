/** Sent with every response. */
const SECURITY_HEADERS = Object.entries({
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "cross-origin",
  "origin-agent-cluster": "?1",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=15552000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-download-options": "noopen",
  "x-frame-options": "SAMEORIGIN",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
});

/** Sets the security headers of a response, and keeps it out of caches unless its route sets cache-control. */
export function secure(headers: Headers): void {
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  if (!headers.has("cache-control")) headers.set("cache-control", "private, no-store");
  // X-Frame-Options would contradict a document's own frame-ancestors.
  const policy = headers.get("content-security-policy");
  if (policy?.includes("frame-ancestors")) headers.delete("x-frame-options");
}

/** The id of a request: the caller's, if it is safe in a header and in a log line. */
export const requestIdOf = (given: string | undefined): string =>
  given && /^[\w\-=]{1,255}$/.test(given) ? given : crypto.randomUUID();

/**
 * Lets the pages of an origin read a response.
 * @param allowed what `allowedOrigin` returns
 * @param exposed the response headers that a page may read
 */
export function share(headers: Headers, allowed: string | null, exposed: string[]): void {
  headers.append("vary", "Origin");
  headers.set("access-control-expose-headers", exposed.join(","));
  if (allowed === null) return;
  headers.set("access-control-allow-origin", allowed);
  // Only for a named origin, never for "*".
  if (allowed !== "*") headers.set("access-control-allow-credentials", "true");
}

/**
 * The response to a preflight, apart from the headers of `share`.
 * @param asked its Access-Control-Request-Headers, which are all allowed
 */
export function preflight(methods: string[], asked: string | undefined): Response {
  const headers = new Headers({
    "access-control-max-age": "7200",
    "access-control-allow-methods": methods.join(","),
  });
  if (asked) {
    const names = asked.split(",").map((name) => name.trim());
    headers.set("access-control-allow-headers", names.join(","));
    headers.set("vary", "Access-Control-Request-Headers");
  }
  return new Response(null, { status: 204, statusText: "No Content", headers });
}

/** Allows the configured origins; without any, every port of localhost. @returns null to refuse */
export function allowedOrigin(origin: string, origins: string[]): string | null {
  if (origins.includes("*")) return "*";
  const isLocal = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin);
  return (origins.length === 0 ? isLocal : origins.includes(origin)) ? origin : null;
}
