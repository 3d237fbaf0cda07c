import type { Ctx } from "../context.ts";
import { forgetFolders } from "../ingest/folders.ts";
import type { Change } from "../provider/changes.ts";
import { applySendOutcome, applyTracking } from "./apply-delivery.ts";
import { applyExpiry, applyRenewal, applyRevocation } from "./apply-grant.ts";
import { applyDeletion, applyUpdate } from "./apply-message.ts";
import { startBackfill } from "./backfill.ts";
import type { AccountChange } from "./notification.ts";

/** Whether a change is about the mailbox's connection, which holds whatever a user has done to the account. */
export const isAboutGrant = ({ kind }: Change): boolean => kind.startsWith("grant_");

/**
 * Applies a change that a provider reports for an account. It may come twice, late, and in any order.
 * @returns why there was nothing to apply; undefined when it was applied
 * @throws Error when it cannot be applied now, or cannot be read
 */
export async function applyChange(ctx: Ctx, update: AccountChange): Promise<string | undefined> {
  const { account, change } = update;
  switch (change.kind) {
    case "message":
      return applyUpdate(ctx, { ...update, change });
    case "message_deleted":
      await applyDeletion(ctx, { ...update, change });
      return;
    case "delivery":
      await applySendOutcome(ctx, { ...update, change });
      return;
    case "opened":
    case "clicked":
      await applyTracking(ctx, { ...update, change });
      return;
    case "folders_changed":
      await forgetFolders(ctx, account);
      return;
    case "grant_expired":
      await applyExpiry(ctx, update);
      return;
    case "grant_deleted":
      await applyRevocation(ctx, update);
      return;
    case "grant_renewed":
      await applyRenewal(ctx, update);
      return;
    case "grant_synced":
      await startBackfill(ctx, account);
      return;
    case "grant_changed":
    case "redundant":
      return;
    case "ignored":
      return change.reason;
    case "unreadable":
      throw change.error;
  }
}
