import { t } from "../i18n/index.ts";
import type { Other } from "../presence.ts";
import { Avatar } from "../ui/avatar.tsx";
import "./presence-line.css";

/** How many colleagues have a face before the rest is counted. */
const FACES = 3;

/** Who else has the conversation open. Who writes comes first. */
export function PresenceLine({ others }: { others: Other[] }) {
  const sorted = [...others].sort(
    (a, b) => Number(b.state === "composing") - Number(a.state === "composing"),
  );
  const [first] = sorted;
  return (
    <span className="presence" role="status">
      {first ? (
        <>
          <span className="presence-faces">
            {sorted.slice(0, FACES).map((other) => (
              <Avatar key={other.user_id} of={nameOf(other)} size={24} />
            ))}
          </span>
          <span className={first.state === "composing" ? "presence-text is-writing" : "presence-text"}>
            {sentenceOf(sorted)}
          </span>
        </>
      ) : null}
    </span>
  );
}

const nameOf = ({ name, user_id }: Other): string => name ?? t("user.unnamed", { id: user_id });

function sentenceOf(others: Other[]): string {
  const writing = others.filter(({ state }) => state === "composing");
  const [first] = writing.length ? writing : others;
  if (!first) return "";
  const n = others.length - 1;
  const key = writing.length ? "thread.writing" : "thread.viewing";
  const sentence = t(key, { name: nameOf(first) });
  return n > 0 ? `${sentence} +${n}` : sentence;
}
