import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, take } from "../api.ts";

const KEY = "xabar.outbox-seen";

/** The newest entries of the outbox. The live feed reads them again, with all that begins with "outbox". */
const newestQuery = queryOptions({
  queryKey: ["outbox", "newest"],
  queryFn: ({ signal }) => take(api.GET("/outbox", { params: { query: { size: 50 } }, signal })),
});

/** How many of the newest mails were not sent, or nobody knows, since the outbox was last looked at. */
export function useOutboxProblems(): number {
  const { data } = useQuery(newestQuery);
  const seen = localStorage.getItem(KEY) ?? "";
  return (data?.items ?? []).filter(
    ({ state, updated_at }) => (state === "failed" || state === "unknown") && updated_at > seen,
  ).length;
}

/** Notes that the user sees the outbox now. */
export const seeOutbox = (): void => localStorage.setItem(KEY, new Date().toISOString());
