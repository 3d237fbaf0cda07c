import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";
import { sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";
import { companyNameOf, meQuery } from "../mailboxes.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Failed } from "../ui/state.tsx";
import { beginConnect, isProvider, PROVIDER_NAMES, PROVIDERS } from "./connect.ts";
import "../ui/form.css";

/** Asks for which company and at which provider, and sends the browser to where the mailbox's owner signs in. */
export function AddMailbox({ onClose }: { onClose: () => void }) {
  const me = useQuery(meQuery);
  const companies = me.data?.companies;
  const [company, provider] = [useId(), useId()];
  const work = useMutation({
    mutationFn: ({ id, at }: { id: number; at: string }) => beginConnect(id, isProvider(at) ? at : undefined),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    work.mutate({ id: Number(data.get("company")), at: String(data.get("provider")) });
  };
  return (
    <Dialog title={t("mailboxes.add")} onClose={onClose}>
      {me.isError ? (
        <Failed error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <form className="form" onSubmit={submit}>
          <p className="quiet">{t("connect.lead")}</p>
          <div className="field">
            <label htmlFor={company}>{t("company.label")}</label>
            <select id={company} name="company" required disabled={!companies}>
              {companies?.map((each) => (
                <option key={each.id} value={each.id}>
                  {companyNameOf(each)}
                </option>
              ))}
            </select>
          </div>
          <div className="field">
            <label htmlFor={provider}>{t("connect.provider.label")}</label>
            <select id={provider} name="provider">
              <option value="">{t("connect.provider.any")}</option>
              {PROVIDERS.map((each) => (
                <option key={each} value={each}>
                  {PROVIDER_NAMES[each]}
                </option>
              ))}
            </select>
          </div>
          <p className="error" role="alert">
            {work.isError ? sentenceOf(work.error) : companies?.length === 0 ? t("company.none") : ""}
          </p>
          <div className="form-actions">
            <button
              type="submit"
              className="button primary"
              disabled={!companies?.length || work.isPending || work.isSuccess}
            >
              {t("connect.continue")}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
