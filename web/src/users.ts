import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, take } from "./api.ts";
import { t } from "./i18n/index.ts";
import { claimsOf, currentToken } from "./session.ts";

/** The users of the caller's companies who have a name. */
export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => take(api.GET("/users", { params: { query: { size: 100 } }, signal })),
  staleTime: 300_000,
});

/** Names users: oneself as "You", others by their name, those without one by their number. */
export function useNameOf(): (userId: number) => string {
  const { data } = useQuery(usersQuery);
  const own = claimsOf(currentToken() ?? "")?.user_id;
  return (userId) => {
    if (userId === own) return t("user.you");
    return data?.items.find(({ user_id }) => user_id === userId)?.name ?? t("user.unnamed", { id: userId });
  };
}
