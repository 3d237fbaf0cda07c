import type { AccountContext } from "../context.ts";

/** When the sign-in that is under way expires; null for none. */
export function expiresAt(_account: AccountContext): number | null {
  return null;
}

/** Forgets a sign-in that was not finished. */
export function expire(_account: AccountContext): void {}
