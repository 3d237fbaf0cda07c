import { nowSeconds } from "../../lib/time.ts";
import { batch, type Ctx } from "../context.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { suspectMissing } from "../ingest/suspects.ts";
import type { ProviderPage } from "../provider/port.ts";
import { applyPage, idsOn } from "./polled.ts";

const PAGE = 50;
/** No date tells mail of one second apart, so pages of it are read on, up to this many. */
const PAGES_OF_A_SECOND = 20;
/** Sweeps cover younger mail. */
const YOUNG_SECONDS = 120;

/**
 * Goes through a whole mailbox a page at a time, and then starts again. So the loss of a notification is repaired
 * however old its mail is. A mailbox of 10,000 takes 200 pages: 34 hours at one page every ten minutes.
 * @param auditedUntil how far back the audit has come, in seconds since the epoch; null at the start
 * @returns how far back it has come now, null at the end; and how many messages it repaired
 * @throws ProviderError when the provider fails
 */
export async function audit(
  ctx: Ctx,
  account: ConnectedAccount,
  auditedUntil: number | null,
): Promise<{ until: number | null; repaired: number }> {
  const until = auditedUntil ?? nowSeconds() - YOUNG_SECONDS;
  let from = until;
  let repaired = 0;
  const shown: string[] = [];
  let cursor: string | null = null;
  // Pages that show mail of one second only must be read on: the next audit would see the same again.
  for (let read = 0; read < PAGES_OF_A_SECOND && from >= until; read++) {
    const observedAt = nowSeconds() * 1000;
    const page: ProviderPage = await ctx.providerOf(account).listMessages(account.grant_id, {
      cursor,
      limit: PAGE,
      received_before: until + 1, // a provider may leave the bound itself out
    });
    repaired += await applyPage(ctx, account, page, { observedAt, isHistory: false });
    shown.push(...idsOn(page));
    from = Math.min(from, ...page.messages.flatMap(({ date }) => date ?? []));
    cursor = page.cursor;
    if (cursor === null) break;
  }
  // Mail of the last second may be on the next page too, so that second is not covered.
  const covered = { from: cursor === null ? 0 : from + 1, until };
  await batch(ctx, [suspectMissing(account.id, shown, covered)]);
  return { until: cursor === null ? null : Math.min(from, until - 1), repaired };
}
