import type { MailboxContext } from "../context.ts";

export function nextPass(_ctx: MailboxContext): number | null {
  return null;
}

export async function runPass(_ctx: MailboxContext): Promise<void> {}
