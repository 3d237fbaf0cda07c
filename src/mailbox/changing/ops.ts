import type { ImapFlow } from "imapflow";
import type { MailboxContext } from "../context.ts";

/**
 * Makes the due changes of store/pending.ts on the server: to be called at the start of a pass, with no folder locked.
 * What the server refuses stays and is tried again later, so that it never fails a pass.
 * @throws whatever `client` throws once its connection is lost
 */
export async function runOps(_ctx: MailboxContext, _client: ImapFlow): Promise<void> {}
