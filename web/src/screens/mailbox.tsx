import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { toast } from "sonner";
import { Link, useLocation } from "wouter";
import { ApiError, api, queries, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { companyNameOf, type Mailbox, mailboxesQuery, nameOf, syncQuery } from "../mailboxes.ts";
import { pathOf } from "../paths.ts";
import { currentClaims } from "../session.ts";
import { Confirm } from "../ui/confirm.tsx";
import { MailboxState } from "../ui/mailbox-state.tsx";
import { Failed } from "../ui/state.tsx";
import { beginConnect, isProvider, PROVIDER_NAMES } from "./connect.ts";
import { Health } from "./mailbox-health.tsx";
import { NotFound } from "./not-found.tsx";
import { Screen } from "./screen.tsx";
import "./mailboxes.css";

/** A mailbox: how it is, its name, and what can be done to it. */
export default function MailboxScreen({ params: { id } }: { params: { id: string } }) {
  const mailboxes = useQuery(mailboxesQuery);
  const mailbox = mailboxes.data?.find((each) => each.id === id);
  // A failed refresh leaves what is there: a question may be open.
  if (mailboxes.isError && !mailboxes.data)
    return (
      <Screen title={t("nav.mailboxes")}>
        <Failed error={mailboxes.error} onRetry={() => void mailboxes.refetch()} />
      </Screen>
    );
  if (mailboxes.data && !mailbox) return <NotFound />;
  return (
    <Screen title={mailbox ? nameOf(mailbox) : ""}>
      <Link href="/app/mailboxes" className="back-link">
        <ArrowLeft size={16} aria-hidden="true" />
        {t("nav.mailboxes")}
      </Link>
      {mailbox ? <Details key={mailbox.id} mailbox={mailbox} /> : null}
    </Screen>
  );
}

function Details({ mailbox }: { mailbox: Mailbox }) {
  const { id, company_id, company, provider } = mailbox;
  return (
    <>
      <p className="mailbox-facts">
        <span>{mailbox.email_address}</span>
        <span>{PROVIDER_NAMES[provider] ?? provider}</span>
        <span>{companyNameOf({ id: company_id, name: company?.name ?? null })}</span>
        <MailboxState mailbox={mailbox} />
        <Link href={pathOf({ view: "inbox", account_id: id })}>{t("mailbox.open")}</Link>
      </p>
      <Health mailbox={mailbox} />
      <Name mailbox={mailbox} />
      <Actions mailbox={mailbox} />
    </>
  );
}

function Name({ mailbox }: { mailbox: Mailbox }) {
  const field = useId();
  const work = useMutation({
    mutationFn: (display_name: string | null) => change(mailbox.id, { display_name }),
    onSuccess: () => toast.success(t("mailbox.name.saved")),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    work.mutate(name || null);
  };
  return (
    <section className="card">
      <form onSubmit={submit}>
        <label className="field" htmlFor={field}>
          {t("mailbox.name")}
        </label>
        <div className="inline-form">
          <input
            id={field}
            name="name"
            maxLength={200}
            defaultValue={mailbox.display_name ?? ""}
            placeholder={mailbox.email_address}
            aria-describedby={`${field}-hint`}
          />
          <button type="submit" className="button" disabled={work.isPending}>
            {t("action.save")}
          </button>
        </div>
        <p id={`${field}-hint`} className="quiet">
          {t("mailbox.name.hint")}
        </p>
        <p className="error" role="alert">
          {work.isError ? sentenceOf(work.error) : ""}
        </p>
      </form>
    </section>
  );
}

function Actions({ mailbox }: { mailbox: Mailbox }) {
  const { id, company_id, provider, status } = mailbox;
  const [, navigate] = useLocation();
  const [asked, ask] = useState<"disconnect" | "erase" | null>(null);
  const reconnect = useMutation({
    mutationFn: () => beginConnect(company_id, isProvider(provider) ? provider : undefined),
  });
  const readAgain = useMutation({ mutationFn: () => change(id, { status: "syncing" }) });
  const failure = reconnect.error ?? readAgain.error;
  return (
    <section className="card">
      <h2>{t("mailbox.actions")}</h2>
      <div className="action-rows">
        {status === "disconnected" ? (
          <Row hint={t("mailbox.reconnect.hint")}>
            <button type="button" className="button primary" onClick={() => reconnect.mutate()}>
              {t("mailbox.reconnect")}
            </button>
          </Row>
        ) : (
          <>
            <Row hint={t("mailbox.readAgain.hint")}>
              <button
                type="button"
                className="button"
                disabled={status === "syncing" || readAgain.isPending}
                onClick={() => readAgain.mutate()}
              >
                {t("mailbox.readAgain")}
              </button>
            </Row>
            <Row hint={t("mailbox.disconnect.hint")}>
              <button type="button" className="button danger" onClick={() => ask("disconnect")}>
                {t("mailbox.disconnect")}
              </button>
            </Row>
          </>
        )}
        {currentClaims()?.role === "admin" ? (
          <Row hint={t("mailbox.erase.hint")}>
            <button type="button" className="button danger" onClick={() => ask("erase")}>
              {t("mailbox.erase")}
            </button>
          </Row>
        ) : null}
      </div>
      <p className="error" role="alert">
        {failure ? sentenceOf(failure) : ""}
      </p>
      {asked === "disconnect" ? (
        <Confirm
          title={t("mailbox.disconnect.ask", { name: nameOf(mailbox) })}
          action={t("mailbox.disconnect")}
          isDangerous
          onConfirm={() => remove(id, false)}
          onClose={() => ask(null)}
        >
          <p>{t("mailbox.disconnect.means")}</p>
        </Confirm>
      ) : null}
      {asked === "erase" ? (
        <Confirm
          title={t("mailbox.erase.ask", { name: nameOf(mailbox) })}
          action={t("mailbox.erase")}
          isDangerous
          typed={mailbox.email_address}
          onConfirm={async () => {
            await remove(id, true);
            toast.success(t("mailbox.erased"));
            navigate("/app/mailboxes");
          }}
          onClose={() => ask(null)}
        >
          <p>{t("mailbox.erase.means")}</p>
        </Confirm>
      ) : null}
    </section>
  );
}

const Row = ({ hint, children }: { hint: string; children: ReactNode }) => (
  <div className="action-row">
    <p className="quiet">{hint}</p>
    {children}
  </div>
);

/** Changes a mailbox, and reads it again. @throws ApiError */
async function change(id: string, body: { display_name?: string | null; status?: "syncing" }): Promise<void> {
  await take(api.PATCH("/accounts/{account_id}", { params: { path: { account_id: id } }, body }));
  await readAgain(id);
}

/** Disconnects a mailbox, or erases it. One that is gone already is no failure. @throws ApiError */
async function remove(id: string, isErased: boolean): Promise<void> {
  const query = isErased ? { erase: true } : {};
  const { error, response } = await api.DELETE("/accounts/{account_id}", {
    params: { path: { account_id: id }, query },
  });
  if (!response.ok && response.status !== 404)
    throw new ApiError(response.status, error ?? { detail: response.statusText });
  if (isErased) void queries.invalidateQueries();
  else await readAgain(id);
}

async function readAgain(id: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries(mailboxesQuery),
    queries.invalidateQueries({ queryKey: syncQuery(id).queryKey }),
  ]);
}
