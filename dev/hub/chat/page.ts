import { readFileSync } from "node:fs";

const TYPES = {
  "page.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "client.js": "text/javascript; charset=utf-8",
};

/** Answers with the page where two people chat, /chat/page.html, or what it loads; null for any other path. */
export function chatPage(pathname: string): Response | null {
  const [, name] = /^\/chat\/([a-z.]+)$/.exec(pathname) ?? [];
  const type = Object.entries(TYPES).find(([known]) => known === name)?.[1];
  if (!name || !type) return null;
  const body = readFileSync(new URL(name, import.meta.url));
  return new Response(body, { headers: { "content-type": type, "cache-control": "no-store" } });
}

/**
 * The link that opens the page as two people.
 * @param at the page's base URL
 */
export function chatLink(at: string, server: string, [one, two]: [string, string]): string {
  // After #, where no server sees a token.
  return `${at}/chat/page.html#${new URLSearchParams({ server, one, two })}`;
}
