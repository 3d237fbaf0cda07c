import { allowedOrigin } from "./headers.ts";

/**
 * Reads where to send a browser in the end. Security: anyone may begin a sign-in, so it could lead a browser anywhere,
 * and what it carries with it.
 * @param origin the Worker's own
 * @param corsOrigins the other origins that are trusted
 * @returns null unless the URL is on one of them
 */
export function returnUrl(text: string, origin: string, corsOrigins: string[]): URL | null {
  const own = new URL(origin).origin;
  const url = URL.parse(text, own);
  // A blob: URL has the origin of its page. "*" in CORS_ORIGINS names no origin.
  const trusted = [own, url && allowedOrigin(url.origin, corsOrigins)];
  return url?.protocol.startsWith("http") && trusted.includes(url.origin) ? url : null;
}
