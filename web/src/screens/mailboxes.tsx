import { useMutation, useQuery } from "@tanstack/react-query";
import { MailPlus, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { useLocation } from "wouter";
import { t } from "../i18n/index.ts";
import { companyNameOf, groupMailboxes, mailboxesQuery, meQuery } from "../mailboxes.ts";
import { Empty, Failed } from "../ui/state.tsx";
import { AddMailbox } from "./add-mailbox.tsx";
import { CompanySection } from "./company-section.tsx";
import { finishConnect, type Returned, sentenceOfConnect, takeReturned } from "./connect.ts";
import { Screen } from "./screen.tsx";
import "./mailboxes.css";

const MANY = 12;

/** The mailboxes with their state, and the way to add one. */
export default function Mailboxes() {
  const [, navigate] = useLocation();
  const [isAdding, setAdding] = useState(false);
  const [filter, setFilter] = useState("");
  const mailboxes = useQuery(mailboxesQuery);
  const connected = useMutation({
    mutationFn: (returned: Returned) => finishConnect(returned),
    onSuccess: (id) => {
      toast.success(t("connect.done"));
      navigate(`/app/mailboxes/${id}`, { replace: true });
    },
  });
  const { mutate } = connected;
  useEffect(() => {
    const returned = takeReturned();
    if (returned) mutate(returned);
  }, [mutate]);
  const groups = groupMailboxes(mailboxes.data ?? [], filter);
  const { data: me } = useQuery(meQuery);
  const withMailbox = new Set(mailboxes.data?.map(({ company_id }) => company_id));
  const others =
    mailboxes.data && !filter ? (me?.companies ?? []).filter(({ id }) => !withMailbox.has(id)) : [];

  return (
    <Screen
      title={t("nav.mailboxes")}
      actions={
        <button type="button" className="button primary" onClick={() => setAdding(true)}>
          <Plus size={17} aria-hidden="true" />
          {t("mailboxes.add")}
        </button>
      }
    >
      {connected.isPending ? <p role="status">{t("connect.finishing")}</p> : null}
      {connected.isError ? (
        <p className="notice is-error" role="alert">
          {t("connect.failed")} {sentenceOfConnect(connected.error)}
        </p>
      ) : null}
      {(mailboxes.data?.length ?? 0) > MANY ? (
        <input
          type="search"
          className="mailboxes-filter"
          aria-label={t("nav.filter")}
          placeholder={t("nav.filter")}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      ) : null}
      {mailboxes.isPending ? <Skeleton /> : null}
      {mailboxes.isError ? <Failed error={mailboxes.error} onRetry={() => void mailboxes.refetch()} /> : null}
      {mailboxes.data?.length === 0 && others.length < 2 ? (
        <Empty icon={<MailPlus size={40} />} title={t("nav.none")} hint={t("mailboxes.empty.hint")} />
      ) : null}
      {filter && groups.length === 0 ? <p className="quiet">{t("nav.noMatch")}</p> : null}
      {groups.map((group) => (
        <CompanySection key={group.id} group={group} />
      ))}
      {others.map(({ id, name }) => (
        <CompanySection key={id} group={{ id, name, company: companyNameOf({ id, name }), mailboxes: [] }} />
      ))}
      {isAdding ? <AddMailbox onClose={() => setAdding(false)} /> : null}
    </Screen>
  );
}

const Skeleton = () => (
  <div className="card mailboxes-skeleton" aria-hidden="true">
    {["45%", "60%", "50%"].map((width) => (
      <div key={width} className="skeleton" style={{ width }} />
    ))}
  </div>
);
