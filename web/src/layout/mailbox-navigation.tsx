import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Mails } from "lucide-react";
import { useId, useState } from "react";
import { Link } from "wouter";
import { t } from "../i18n/index.ts";
import {
  countsQuery,
  groupMailboxes,
  type Mailbox,
  type MailboxGroup,
  mailboxesQuery,
  nameOf,
  unreadByMailbox,
} from "../mailboxes.ts";
import { pathOf, type View } from "../paths.ts";
import { Badge } from "../ui/badge.tsx";
import { MailboxState } from "../ui/mailbox-state.tsx";

/** From here on there is a field to find a mailbox. */
const MANY_MAILBOXES = 12;
/** Above this only the company of the chosen mailbox is unfolded. */
const MANY_COMPANIES = 6;
/** A filter shows no more: they are found by more letters. */
const SHOWN = 50;

interface Props {
  /** The list that is open; null on other screens. */
  view: View | null;
  /** The mailbox that the list is limited to. */
  accountId: string | undefined;
}

/** The mailboxes by company. A click limits the open list to one. */
export function MailboxNavigation({ view, accountId }: Props) {
  const { data: mailboxes, isError } = useQuery(mailboxesQuery);
  const { data: counts = [] } = useQuery(countsQuery);
  const [filter, setFilter] = useState("");
  const heading = useId();
  const unread = unreadByMailbox(counts);
  const groups = groupMailboxes(mailboxes ?? [], filter);
  const found = groups.reduce((sum, group) => sum + group.mailboxes.length, 0);
  const list = { view: view ?? "inbox", accountId, unread } as const;

  return (
    <section className="nav-mailboxes" aria-labelledby={heading}>
      <h2 id={heading} className="nav-heading">
        {t("nav.mailboxes")}
      </h2>
      {(mailboxes?.length ?? 0) > MANY_MAILBOXES ? (
        <input
          type="search"
          className="nav-filter"
          aria-label={t("nav.filter")}
          placeholder={t("nav.filter")}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      ) : null}
      {mailboxes && mailboxes.length > 1 && !filter ? (
        <Link
          href={pathOf({ view: list.view })}
          className="nav-item nav-all"
          aria-current={view && !accountId ? "true" : undefined}
        >
          <Mails size={18} aria-hidden="true" />
          <span className="nav-label">{t("nav.allMailboxes")}</span>
        </Link>
      ) : null}
      {mailboxes || isError ? null : <Skeleton />}
      {isError ? <p className="nav-note">{t("nav.failed")}</p> : null}
      {mailboxes?.length === 0 ? <p className="nav-note">{t("nav.none")}</p> : null}
      {filter && found === 0 ? <p className="nav-note">{t("nav.noMatch")}</p> : null}
      {limited(groups, filter ? SHOWN : Number.POSITIVE_INFINITY).map((group) => (
        <Group
          key={`${group.id} ${filter !== ""}`}
          group={group}
          isPlain={groups.length === 1 && !filter}
          startsOpen={
            filter !== "" ||
            groups.length <= MANY_COMPANIES ||
            group.mailboxes.some(({ id }) => id === accountId)
          }
          {...list}
        />
      ))}
      {filter && found > SHOWN ? <p className="nav-note">{t("nav.more", { n: found - SHOWN })}</p> : null}
    </section>
  );
}

/** The first groups, with this number of mailboxes in all. */
function limited(groups: MailboxGroup[], count: number): MailboxGroup[] {
  let left = count;
  return groups.flatMap((group) => {
    const mailboxes = group.mailboxes.slice(0, Math.max(left, 0));
    left -= mailboxes.length;
    return mailboxes.length ? [{ ...group, mailboxes }] : [];
  });
}

interface ListProps {
  view: View;
  accountId: string | undefined;
  unread: Map<string, number>;
}

interface GroupProps extends ListProps {
  group: MailboxGroup;
  /** The only one, which needs no heading. */
  isPlain: boolean;
  startsOpen: boolean;
}

function Group({ group, isPlain, startsOpen, ...list }: GroupProps) {
  const [isOpen, setOpen] = useState(startsOpen);
  const content = useId();
  const sum = group.mailboxes.reduce((total, { id }) => total + (list.unread.get(id) ?? 0), 0);
  const mailboxes = (
    <ul id={content} className="nav-list">
      {group.mailboxes.map((mailbox) => (
        <MailboxItem key={mailbox.id} mailbox={mailbox} {...list} />
      ))}
    </ul>
  );
  if (isPlain) return mailboxes;
  return (
    <div className="nav-group">
      <button
        type="button"
        className="nav-company"
        aria-expanded={isOpen}
        aria-controls={isOpen ? content : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <ChevronRight size={14} aria-hidden="true" />
        <span className="nav-label">{group.company}</span>
        {isOpen ? null : <Badge count={sum} label={t("nav.unread", { n: sum })} />}
      </button>
      {isOpen ? mailboxes : null}
    </div>
  );
}

function MailboxItem({ mailbox, view, accountId, unread }: ListProps & { mailbox: Mailbox }) {
  const count = unread.get(mailbox.id) ?? 0;
  return (
    <li>
      <Link
        href={pathOf({ view, account_id: mailbox.id })}
        className="nav-item nav-mailbox"
        aria-current={mailbox.id === accountId ? "true" : undefined}
        title={mailbox.email_address}
      >
        <span className="nav-label">{nameOf(mailbox)}</span>
        <Badge count={count} label={t("nav.unread", { n: count })} />
        <MailboxState mailbox={mailbox} />
      </Link>
    </li>
  );
}

const Skeleton = () => (
  <div className="nav-skeleton" aria-hidden="true">
    {["70%", "85%", "60%"].map((width) => (
      <div key={width} className="skeleton" style={{ width }} />
    ))}
  </div>
);
