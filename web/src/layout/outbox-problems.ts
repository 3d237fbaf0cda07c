import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { api, take } from "../api.ts";

const KEY = "xabar.outbox-seen";

/** The newest entries of the outbox. The live feed reads them again, with all that begins with "outbox". */
const newestQuery = queryOptions({
  queryKey: ["outbox", "newest"],
  queryFn: ({ signal }) => take(api.GET("/outbox", { params: { query: { size: 50 } }, signal })),
});

/** How many of the newest mails were not sent, or nobody knows, since the outbox was last open in this browser. */
export function useOutboxProblems(): number {
  const { data } = useQuery(newestQuery);
  const [path] = useLocation();
  const isOpen = path === "/app/outbox";
  const problems = data?.items.filter(({ state }) => state === "failed" || state === "unknown") ?? [];
  const newest = problems
    .map(({ updated_at }) => updated_at)
    .sort()
    .at(-1);
  useEffect(() => {
    if (isOpen && newest) localStorage.setItem(KEY, newest);
  }, [isOpen, newest]);
  const seen = localStorage.getItem(KEY) ?? "";
  return isOpen ? 0 : problems.filter(({ updated_at }) => updated_at > seen).length;
}
