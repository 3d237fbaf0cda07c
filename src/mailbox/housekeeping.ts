import type { MailboxContext } from "./context.ts";

export function nextCleaning(_ctx: MailboxContext): number | null {
  return null;
}

export async function runCleaning(_ctx: MailboxContext): Promise<void> {}
