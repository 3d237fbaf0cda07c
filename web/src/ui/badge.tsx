import { number } from "../i18n/numbers.ts";
import "./badge.css";

/** A count beside a name. Nothing for none. @param label what is counted, for screen readers */
export const Badge = ({ count, label, tone = "" }: { count: number; label: string; tone?: "" | "danger" }) =>
  count > 0 ? (
    <span className={`badge ${tone}`} title={label}>
      <span aria-hidden="true">{count > 9999 ? "9999+" : number(count)}</span>
      <span className="visually-hidden">, {label}</span>
    </span>
  ) : null;
