import { nowSeconds } from "../../lib/time.ts";
import { batch, type Ctx } from "../context.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { suspectMissing } from "../ingest/suspects.ts";
import type { ProviderPage } from "../provider/port.ts";
import { applyPage, idsOn } from "./polled.ts";

const PAGE = 50;
/** Of mail of one and the same second, which no date can tell apart. */
const PAGES_OF_A_SECOND = 20;
/** What is younger is the sweeps' affair. */
const YOUNG_SECONDS = 120;

/**
 * Goes through a whole mailbox, a page at a time and then again from the start: whatever notification was lost,
 * however old the mail, it is made up for once the audit comes by. A mailbox of 10,000 takes 200 pages, which is 34
 * hours at one each ten minutes.
 * @param auditedUntil how far back it has come; null at the start
 * @returns how far it has come now, null at the end; and how many messages were repaired
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
  // One page, or more where they all show mail of one second: else the next audit would see the same again.
  for (let read = 0; read < PAGES_OF_A_SECOND && from >= until; read++) {
    const observedAt = nowSeconds() * 1000;
    const page: ProviderPage = await ctx.providerOf(account).listMessages(account.grant_id, {
      cursor,
      limit: PAGE,
      received_before: until + 1, // nobody says whether the bound counts
    });
    repaired += await applyPage(ctx, account, page, { observedAt, isHistory: false });
    shown.push(...idsOn(page));
    from = Math.min(from, ...page.messages.flatMap(({ date }) => date ?? []));
    cursor = page.cursor;
    if (cursor === null) break;
  }
  // Mail of the second at which the page ends may stand on the next, which begins with it.
  const covered = { from: cursor === null ? 0 : from + 1, until };
  await batch(ctx, [suspectMissing(account.id, shown, covered)]);
  return { until: cursor === null ? null : Math.min(from, until - 1), repaired };
}
