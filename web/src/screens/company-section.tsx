import { useMutation } from "@tanstack/react-query";
import { ChevronRight, Pencil } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { Link } from "wouter";
import { api, queries, sentenceOf, take } from "../api.ts";
import { relativeTime } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { type Mailbox, type MailboxGroup, mailboxesQuery, meQuery, nameOf } from "../mailboxes.ts";
import { currentClaims } from "../session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { MailboxState } from "../ui/mailbox-state.tsx";
import { PROVIDER_NAMES } from "./connect.ts";
import "../ui/form.css";

/** A company with its mailboxes. An administrator can name it. */
export function CompanySection({ group }: { group: MailboxGroup }) {
  const [isNaming, setNaming] = useState(false);
  const heading = useId();
  return (
    <section className="company" aria-labelledby={heading}>
      <div className="company-head">
        <h2 id={heading}>{group.company}</h2>
        {currentClaims()?.role === "admin" ? (
          <IconButton label={t("company.rename")} onClick={() => setNaming(true)}>
            <Pencil size={15} />
          </IconButton>
        ) : null}
      </div>
      <ul className="card rows">
        {group.mailboxes.map((mailbox) => (
          <MailboxRow key={mailbox.id} mailbox={mailbox} />
        ))}
      </ul>
      {isNaming ? <NameCompany group={group} onClose={() => setNaming(false)} /> : null}
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

/** Asks for a company's name. */
function NameCompany({ group, onClose }: { group: MailboxGroup; onClose: () => void }) {
  const field = useId();
  const work = useMutation({
    mutationFn: (name: string) =>
      take(
        api.PUT("/companies/{company_id}", { params: { path: { company_id: group.id } }, body: { name } }),
      ),
    onSuccess: async () => {
      await Promise.all([queries.invalidateQueries(mailboxesQuery), queries.invalidateQueries(meQuery)]);
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    work.mutate(String(new FormData(event.currentTarget).get("name")).trim());
  };
  const isNamed = group.mailboxes.some(({ company }) => company);
  return (
    <Dialog title={t("company.rename")} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <label className="field" htmlFor={field}>
          {t("company.name")}
          <input
            id={field}
            name="name"
            required
            pattern=".*\S.*"
            maxLength={200}
            defaultValue={isNamed ? group.company : ""}
          />
        </label>
        <p className="quiet">{t("company.name.hint")}</p>
        <p className="error" role="alert">
          {work.isError ? sentenceOf(work.error) : ""}
        </p>
        <div className="form-actions">
          <button type="submit" className="button primary" disabled={work.isPending}>
            {t("action.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
