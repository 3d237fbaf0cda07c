import type { MailboxContext } from "../context.ts";

export function nextSend(_ctx: MailboxContext): number | null {
  return null;
}

export async function runSends(_ctx: MailboxContext): Promise<void> {}
