import { type RefObject, useState, useSyncExternalStore } from "react";
import { t } from "../i18n/index.ts";
import type { Mailbox } from "../mailboxes.ts";
import { Recipients } from "./recipients.tsx";
import { rememberMailbox } from "./start.ts";
import type { Writer } from "./writer.ts";

interface Props {
  writer: Writer;
  to: RefObject<HTMLInputElement | null>;
  mailboxes: Mailbox[];
}

/** From, To, Cc, Bcc and the subject. */
export function Fields({ writer, to, mailboxes }: Props) {
  const { mail } = useSyncExternalStore(writer.subscribe, writer.state);
  const [shown, show] = useState({ cc: mail.cc.length > 0, bcc: mail.bcc.length > 0 });
  const hidden = (["cc", "bcc"] as const).filter((name) => !shown[name] && mail[name].length === 0);

  return (
    <div className="composer-fields">
      <From writer={writer} mailboxes={mailboxes} />
      <div className="composer-to">
        <Recipients
          label={t("compose.to")}
          people={mail.to}
          input={to}
          onChange={(people) => writer.change({ to: people })}
        />
        {hidden.map((name) => (
          <button
            key={name}
            type="button"
            className="composer-more"
            onClick={() => show({ ...shown, [name]: true })}
          >
            {t(`compose.${name}`)}
          </button>
        ))}
      </div>
      {(["cc", "bcc"] as const)
        .filter((name) => !hidden.includes(name))
        .map((name) => (
          <Recipients
            key={name}
            label={t(`compose.${name}`)}
            people={mail[name]}
            onChange={(people) => writer.change({ [name]: people })}
          />
        ))}
      <label className="composer-field">
        <span>{t("compose.subject")}</span>
        <input
          type="text"
          maxLength={998}
          autoComplete="off"
          value={mail.subject}
          onInput={(event) => writer.change({ subject: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

/** The mailbox to send from. A mail stays in the company of its draft, its files and its original. */
function From({ writer, mailboxes }: Pick<Props, "writer" | "mailboxes">) {
  const { mail } = useSyncExternalStore(writer.subscribe, writer.state);
  const current = mailboxes.find(({ id }) => id === mail.account_id);
  const isBound = mail.draft !== null || mail.files.length > 0 || mail.original_id !== null;
  const choices = mailboxes.filter(({ company_id }) => !isBound || company_id === current?.company_id);
  if (choices.length < 2 && current?.status !== "disconnected") return null;
  const choose = (id: string) => {
    rememberMailbox(id);
    writer.change({ account_id: id });
  };
  return (
    <label className="composer-field">
      <span>{t("compose.from")}</span>
      <select value={mail.account_id} onChange={(event) => choose(event.currentTarget.value)}>
        {choices.map(({ id, display_name, email_address, status }) => (
          <option key={id} value={id} disabled={status === "disconnected"}>
            {display_name ? `${display_name} <${email_address}>` : email_address}
          </option>
        ))}
      </select>
    </label>
  );
}
