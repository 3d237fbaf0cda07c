import { queryOptions } from "@tanstack/react-query";
import { api, type Schemas, take } from "./api.ts";
import { t } from "./i18n/index.ts";

// The mailboxes of the user, with their company, unread messages and state.

export type Mailbox = Schemas["AccountResponse"];
export type Counts = Schemas["UnreadCountsResponse"];

/** All mailboxes of the user, by address. The live feed reads them again. */
export const mailboxesQuery = queryOptions({
  queryKey: ["accounts"],
  queryFn: ({ signal }) => take(api.GET("/accounts", { signal })),
});

/** The unread messages of each mailbox. The live feed keeps them up to date. */
export const countsQuery = queryOptions({
  queryKey: ["counts"],
  queryFn: ({ signal }) => take(api.GET("/inbox/unread-counts", { signal })),
});

/** Who is signed in, with the companies of the token by id. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => take(api.GET("/me", { signal })),
});

/** How far a mailbox's history is read, and what went wrong with it. */
export const syncQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["sync", accountId],
    queryFn: ({ signal }) =>
      take(api.GET("/accounts/{account_id}/sync", { params: { path: { account_id: accountId } }, signal })),
    staleTime: 0,
  });

/** What a mailbox is called: by its name, else by its address. */
export const nameOf = (mailbox: Mailbox): string => mailbox.display_name || mailbox.email_address;

/** What a company is called: by its name, else by its number. */
export const companyNameOf = (company: { id: number; name: string | null }): string =>
  company.name || t("company.unnamed", { id: `${company.id}` });

/** The unread messages of each mailbox by its id, those without any left out. */
export const unreadByMailbox = (counts: Counts): Map<string, number> =>
  new Map(
    counts.filter(({ unread_count: n }) => n > 0).map((count) => [count.account_id, count.unread_count]),
  );

export interface MailboxGroup {
  /** Of the company. */
  id: number;
  /** What the company is called. */
  company: string;
  /** The name that it was given, if any. */
  name: string | null;
  mailboxes: Mailbox[];
}

/** The mailboxes by company, companies by name. @param filter a part of a name, an address or a company's name */
export function groupMailboxes(mailboxes: Mailbox[], filter = ""): MailboxGroup[] {
  const groups = new Map<number, MailboxGroup>();
  const wanted = filter.trim().toLowerCase();
  for (const mailbox of mailboxes) {
    const [id, name] = [mailbox.company_id, mailbox.company?.name ?? null];
    const company = companyNameOf({ id, name });
    const text = `${nameOf(mailbox)}\n${mailbox.email_address}\n${company}`.toLowerCase();
    if (!text.includes(wanted)) continue;
    const group = groups.get(id) ?? { id, company, name, mailboxes: [] };
    group.mailboxes.push(mailbox);
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) =>
    a.company.localeCompare(b.company, undefined, { numeric: true }),
  );
}
