import { ChevronRight, Pencil } from "lucide-react";
import { useId, useState } from "react";
import { Link } from "wouter";
import { relativeTime } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { type Mailbox, type MailboxGroup, nameOf } from "../mailboxes.ts";
import { currentClaims } from "../session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { MailboxState } from "../ui/mailbox-state.tsx";
import { CompanyDialog } from "./company-dialog.tsx";
import { PROVIDER_NAMES } from "./connect.ts";

/** A company with its mailboxes. An administrator can name and erase it. */
export function CompanySection({ group }: { group: MailboxGroup }) {
  const [isOpen, setOpen] = useState(false);
  const heading = useId();
  return (
    <section className="company" aria-labelledby={heading}>
      <div className="company-head">
        <h2 id={heading}>{group.company}</h2>
        {currentClaims()?.role === "admin" ? (
          <IconButton label={t("company.change", { name: group.company })} onClick={() => setOpen(true)}>
            <Pencil size={15} />
          </IconButton>
        ) : null}
      </div>
      {group.mailboxes.length ? (
        <ul className="card rows">
          {group.mailboxes.map((mailbox) => (
            <MailboxRow key={mailbox.id} mailbox={mailbox} />
          ))}
        </ul>
      ) : (
        <p className="quiet company-empty">{t("nav.none")}</p>
      )}
      {isOpen ? <CompanyDialog group={group} onClose={() => setOpen(false)} /> : null}
    </section>
  );
}

const MailboxRow = ({ mailbox }: { mailbox: Mailbox }) => (
  <li>
    <Link href={`/app/mailboxes/${mailbox.id}`} className="mailbox-row">
      <Avatar of={nameOf(mailbox)} size={38} />
      <span className="mailbox-names">
        <strong>{nameOf(mailbox)}</strong>
        <span className="quiet">
          {mailbox.email_address} · {PROVIDER_NAMES[mailbox.provider] ?? mailbox.provider}
        </span>
      </span>
      <span className="mailbox-status">
        <MailboxState mailbox={mailbox} />
        {mailbox.last_sync_at ? (
          <span className="quiet">
            {t("mailboxes.lastSync", { when: relativeTime(mailbox.last_sync_at) })}
          </span>
        ) : null}
      </span>
      <ChevronRight size={18} aria-hidden="true" />
    </Link>
  </li>
);
