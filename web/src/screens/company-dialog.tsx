import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { ApiError, api, queries, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { type MailboxGroup, mailboxesQuery, meQuery } from "../mailboxes.ts";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import "../ui/form.css";

interface Props {
  group: MailboxGroup;
  onClose: () => void;
}

/** What an administrator can do with a company: name it, and erase all that belongs to it. */
export function CompanyDialog({ group, onClose }: Props) {
  const [isErasing, setErasing] = useState(false);
  const field = useId();
  const work = useMutation({
    mutationFn: (name: string) => nameCompany(group.id, name),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    work.mutate(String(new FormData(event.currentTarget).get("name")).trim());
  };
  if (isErasing) return <EraseCompany group={group} onClose={onClose} />;
  return (
    <Dialog title={group.company} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <label className="field" htmlFor={field}>
          {t("company.name")}
          <input
            id={field}
            name="name"
            required
            pattern=".*\S.*"
            maxLength={200}
            defaultValue={group.name ?? ""}
          />
        </label>
        <p className="quiet">{t("company.name.hint")}</p>
        <p className="error" role="alert">
          {work.isError ? sentenceOf(work.error) : ""}
        </p>
        <div className="form-actions">
          <button type="button" className="button danger" onClick={() => setErasing(true)}>
            {t("company.erase")}
          </button>
          <button type="submit" className="button primary" disabled={work.isPending}>
            {t("action.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const EraseCompany = ({ group: { id, company }, onClose }: Props) => (
  <Confirm
    title={t("company.erase.ask", { name: company })}
    action={t("company.erase")}
    isDangerous
    typed={company}
    onConfirm={() => eraseCompany(id)}
    onClose={onClose}
  >
    <p>{t("company.erase.means")}</p>
  </Confirm>
);

/** Names a company. @throws ApiError */
async function nameCompany(id: number, name: string): Promise<void> {
  await take(api.PUT("/companies/{company_id}", { params: { path: { company_id: id } }, body: { name } }));
  await Promise.all([queries.invalidateQueries(mailboxesQuery), queries.invalidateQueries(meQuery)]);
}

/** Erases all that belongs to a company. The work goes on after the response. @throws ApiError */
async function eraseCompany(id: number): Promise<void> {
  const { error, response } = await api.DELETE("/companies/{company_id}", {
    params: { path: { company_id: id } },
  });
  if (!response.ok) throw new ApiError(response.status, error ?? { detail: response.statusText });
  toast.success(t("company.erased"));
  void queries.invalidateQueries();
}
