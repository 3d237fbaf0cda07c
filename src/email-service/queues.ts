import { log } from "../platform/log.ts";
import { createConsumer } from "../platform/queues.ts";
import { type Ctx, createContext } from "./context.ts";
import { StatusMessage } from "./status/schemas.ts";
import { noteStatus } from "./status/service.ts";

/** What mailboxes tell of themselves. */
export const changes = createConsumer({
  context: createContext,
  handle: (ctx: Ctx, body) => noteStatus(ctx, StatusMessage().parse(body)),
});

/** Gives up what failed every retry: the mailbox's next change replaces it, and who asks for the account sees it live. */
export const deadChanges = createConsumer({
  context: createContext,
  handle: async (_ctx: Ctx, body) => {
    const { data } = StatusMessage().safeParse(body);
    log("error", "mailbox.status_lost", { account: data?.accountId ?? null });
  },
});
