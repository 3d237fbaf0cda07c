import { t } from "../i18n/index.ts";
import type { Message } from "./fold.ts";

type Person = Message["to_addresses"][number];

/** How many recipients are named before the rest is counted. */
const NAMED = 3;

/** A person's name, else their address. */
export const nameOf = ({ name, email }: Person): string => name?.trim() || email;

/** Who a message went to, in a few words. @param own the mailbox's address */
export function recipientsOf(message: Message, own: string | undefined): string {
  const all = [...message.to_addresses, ...(message.cc_addresses ?? []), ...(message.bcc_addresses ?? [])];
  const isOwn = ({ email }: Person) => email.toLowerCase() === own?.toLowerCase();
  const names = [...new Set(all.map((each) => (isOwn(each) ? t("thread.me") : nameOf(each))))];
  if (names.length === 0) return t("thread.toNobody");
  if (names.length <= NAMED) return t("thread.to", { names: names.join(", ") });
  const [rest, shown] = [names.length - NAMED + 1, names.slice(0, NAMED - 1).join(", ")];
  return t("thread.toMore", { names: shown, n: rest });
}

/** All addresses of a message, each with its name. */
export function Addresses({ message, id }: { message: Message; id: string }) {
  const { from_name, from_address, to_addresses, cc_addresses, bcc_addresses, reply_to } = message;
  const rows: [string, Person[]][] = [
    [t("thread.from"), [{ name: from_name ?? "", email: from_address }]],
    [t("thread.toLabel"), to_addresses],
    [t("thread.cc"), cc_addresses ?? []],
    [t("thread.bcc"), bcc_addresses ?? []],
    [t("thread.replyTo"), reply_to ?? []],
  ];
  return (
    <dl className="addresses" id={id}>
      {rows.map(([label, people]) =>
        people.length ? (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {people.map((person) => (
                <span key={person.email}>
                  {person.name ? <bdi>{person.name}</bdi> : null}{" "}
                  <bdi className="address">{person.email}</bdi>
                </span>
              ))}
            </dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
