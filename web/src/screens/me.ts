import { useQuery } from "@tanstack/react-query";
import { t } from "../i18n/index.ts";
import { companyNameOf, meQuery } from "../mailboxes.ts";
import { currentClaims } from "../session.ts";

/** Who is signed in. What the token says stands until the API has told the names of its companies. */
export function useMe(): { name: string; role: string; companies: string[] } {
  const claims = currentClaims();
  const { data } = useQuery(meQuery);
  const companies = data?.companies ?? claims?.companies.map((id) => ({ id, name: null })) ?? [];
  return {
    name: data?.name || claims?.name || t("user.unnamed", { id: `${claims?.user_id ?? ""}` }),
    role: data?.role ?? claims?.role ?? "",
    companies: companies.map(companyNameOf),
  };
}
