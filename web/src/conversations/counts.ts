import { queryOptions } from "@tanstack/react-query";
import { api, queries, type Schemas, take } from "../api.ts";

export type Counts = Schemas["UnreadCountsResponse"];
type EventCounts = NonNullable<Schemas["ItemEvent"]["counts"]>;

/** The caller's unread messages and the totals of each mailbox. The live feed keeps them up to date. */
export const countsQuery = queryOptions({
  queryKey: ["counts"],
  queryFn: ({ signal }) => take(api.GET("/inbox/unread-counts", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Adds to the unread counts of mailboxes, before the API tells them. */
export function changeCounts(changes: { email_account_id: string; unread: number }[]): void {
  queries.setQueryData<Counts>(countsQuery.queryKey, (counts) =>
    counts?.map((each) => {
      const own = changes.filter(({ email_account_id }) => email_account_id === each.account_id);
      const unread_count = own.reduce((sum, { unread }) => sum + unread, each.unread_count);
      return { ...each, unread_count: Math.max(0, unread_count) };
    }),
  );
}

/** Takes over the counts of an event. Those that are null have changed by as much as the messages: docs/live-feed.md. */
export function takeCounts(news: EventCounts): void {
  queries.setQueryData<Counts>(countsQuery.queryKey, (counts) =>
    counts?.map((each) => {
      if (each.account_id !== news.account_id) return each;
      const more = news.message_count - each.message_count;
      return {
        ...each,
        ...news,
        unread_count: news.unread_count ?? each.unread_count + more,
        inbox_count: news.inbox_count ?? each.inbox_count + more,
      };
    }),
  );
}
