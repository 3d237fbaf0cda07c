import { useQuery } from "@tanstack/react-query";
import { t } from "../i18n/index.ts";
import { companiesQuery, companyNameOf } from "../mailboxes.ts";
import { currentClaims } from "../session.ts";

/** Who is signed in: by the token, with the names of the companies in it. */
export function useMe(): { name: string; role: string; companies: string[] } {
  const claims = currentClaims();
  const { data } = useQuery(companiesQuery);
  const companies = data ?? claims?.companies.map((id) => ({ id, name: null })) ?? [];
  return {
    name: claims?.name || t("user.unnamed", { id: `${claims?.user_id ?? ""}` }),
    role: claims?.role ?? "",
    companies: companies.map(companyNameOf),
  };
}
