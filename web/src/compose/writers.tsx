import { t } from "../i18n/index.ts";
import type { Other } from "../presence.ts";
import { Avatar } from "../ui/avatar.tsx";

/** Who else reads or writes here. */
export function Writers({ others }: { others: Other[] }) {
  if (others.length === 0) return null;
  const writing = others.filter(({ state }) => state === "composing");
  const [first] = writing.length ? writing : others;
  const said = t(writing.length ? "compose.alsoWriting" : "compose.alsoReading", { name: nameOf(first!) });
  return (
    <span className="writers" role="status" title={others.map(nameOf).join(", ")}>
      {others.slice(0, 3).map((other) => (
        <Avatar key={other.user_id} of={nameOf(other)} size={22} />
      ))}
      <span>{said}</span>
    </span>
  );
}

const nameOf = ({ name, user_id }: Other): string => name ?? t("user.unnamed", { id: user_id });
