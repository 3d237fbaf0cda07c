// Who is signed in: a token, kept in this browser until its user signs out or it is refused.

const KEY = "xabar.token";

/** What a token says of its user. Only the API verifies it. */
export interface Claims {
  user_id: number;
  role: string;
  companies: number[];
  name?: string;
  /** In seconds since 1970. */
  exp: number;
}

/** Reads the claims of a token. @returns null for a text that is no token, or one that has expired */
export function claimsOf(token: string): Claims | null {
  try {
    const [, payload = ""] = token.trim().split(".");
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) =>
      c.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Claims;
    const isWhole = typeof claims.user_id === "number" && Array.isArray(claims.companies);
    return isWhole && claims.exp * 1000 > Date.now() ? claims : null;
  } catch {
    return null;
  }
}

/**
 * Takes the token of a sign-in link, `/#token=…`. A fragment is never sent to a server. It is removed from the address
 * at once, and from the history.
 * @returns a token of somebody else than who is signed in. Security: a link from a stranger could otherwise have its
 *   reader write mail as the stranger's user without noticing.
 */
export function takeTokenOfLink(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  const [offered, current] = [claimsOf(token), currentClaims()];
  if (!offered) return null;
  if (current && current.user_id !== offered.user_id) return token;
  signIn(token);
  return null;
}

export const signIn = (token: string): void => localStorage.setItem(KEY, token.trim());

/** Forgets the token. The page follows the event. */
export function signOut(): void {
  localStorage.removeItem(KEY);
  dispatchEvent(new Event("xabar:signed-out"));
}

/** The token of this browser, or null when nobody is signed in. */
export function currentToken(): string | null {
  const token = localStorage.getItem(KEY);
  return token !== null && claimsOf(token) ? token : null;
}

/** What the token of this browser says of its user. */
export const currentClaims = (): Claims | null => claimsOf(localStorage.getItem(KEY) ?? "");
