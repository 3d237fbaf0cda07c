import { QueryClient } from "@tanstack/react-query";

/** The answers of the API that this page has. The client repeats what can be repeated, so a query does not. */
export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, networkMode: "always", staleTime: 30_000 } },
});
