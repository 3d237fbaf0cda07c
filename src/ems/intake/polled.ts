import * as z from "zod/mini";
import { sha256Hex } from "../../lib/hmac.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { nowSeconds } from "../../lib/time.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { isOutage } from "../outage.ts";
import type { Push } from "../provider/changes.ts";
import type { ProviderPage } from "../provider/port.ts";
import { applyIncoming } from "./incoming.ts";
import { reasonOf } from "./ledger.ts";
import { park } from "./park.ts";
import { askFor } from "./recall.ts";

export interface PollOptions {
  /** When the page was asked for, in milliseconds. */
  observedAt: number;
  /** True stores the messages without live events. */
  isHistory: boolean;
}

/** The provider's ids of all messages on a page, readable or not. */
export const idsOn = ({ messages, unreadable }: ProviderPage): string[] => [
  ...messages.map(({ id }) => id),
  ...unreadable.flatMap(({ id }) => id ?? []),
];

/**
 * Stores the messages of a page, one by one. One that fails is parked in the ledger, and holds up no other.
 * @returns how many messages were new or had changed
 * @throws Error when the ledger cannot be written either: then the message is not at fault
 */
export async function applyPage(
  ctx: Ctx,
  account: ConnectedAccount,
  page: ProviderPage,
  { observedAt, isHistory }: PollOptions,
): Promise<number> {
  let changed = 0;
  for (const message of page.messages) {
    try {
      const applying = { message, observedAt, cause: uuidv7(), silent: isHistory };
      const { outcome } = await applyIncoming(ctx, account, applying);
      if (outcome === "created" || outcome === "updated") changed++;
    } catch (error) {
      await parkMessage(ctx, account, message.id, { id: message.id }, error, isHistory);
    }
  }
  for (const { id, raw, error } of page.unreadable)
    await parkMessage(ctx, account, id, raw, error, isHistory);
  return changed;
}

/** What R2 keeps of a message that could not be stored. */
const PolledMessage = lazy(() =>
  z.object({
    polled: z.object({
      id: z.string(),
      grant_id: z.string(),
      /** Seconds since the epoch. */
      at: z.int(),
      /** Null when the page did not tell it. */
      message_id: z.nullable(z.string()),
      is_history: z.boolean(),
    }),
    /** The message as the page showed it, for people. */
    raw: z.optional(z.unknown()),
  }),
);
type PolledMessage = Infer<typeof PolledMessage>;

/**
 * Reads a parked message as a change without a body, so that a replay asks the provider for the message again.
 * @returns null for anything else
 */
export function readPolled(body: unknown): Push | null {
  const { success, data } = PolledMessage().safeParse(body);
  return success ? toPush(data) : null;
}

const toPush = ({ polled: { id, grant_id, at, message_id, is_history } }: PolledMessage): Push => ({
  id,
  type: "message.polled",
  grant_id,
  occurred_at: at,
  // As of an update: later than a creation in the same second.
  observed_at: at * 1000 + 1,
  change:
    message_id === null
      ? { kind: "unreadable", error: new RangeError("The message has no id to ask the provider for") }
      : askFor(message_id, is_history),
});

/** An id that fits into a notification's id and an R2 key. Others are hashed. */
const PLAIN_ID = /^[\x21-\x7e]{1,150}$/;

/** Notes a message in the ledger as a notification that could not be applied. */
async function parkMessage(
  ctx: Ctx,
  account: ConnectedAccount,
  providerId: string | null,
  raw: unknown,
  error: unknown,
  isHistory: boolean,
): Promise<void> {
  log("error", "poll.message_failed", { account: account.id, message: providerId, error });
  const name =
    providerId !== null && PLAIN_ID.test(providerId)
      ? providerId
      : await sha256Hex(providerId ?? JSON.stringify(raw) ?? "");
  const received_at = nowSeconds();
  const polled = {
    id: `poll/${account.id}/${name}`,
    grant_id: account.grant_id,
    at: received_at,
    message_id: providerId,
    is_history: isHistory,
  };
  const message: PolledMessage = { polled, raw };
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  const cause = isOutage(error) ? "outage" : "itself";
  const record = { push: toPush(message), queued: { received_at }, accountId: account.id };
  await park(ctx, record, bytes, { error: reasonOf(error), cause });
}
