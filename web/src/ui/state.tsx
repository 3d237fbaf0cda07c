import type { ReactNode } from "react";
import { sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";
import "./state.css";

/** What stands where there is nothing to show. */
export const Empty = ({ icon, title, hint }: { icon: ReactNode; title: string; hint?: string }) => (
  <div className="state">
    {icon}
    <p className="state-title">{title}</p>
    {hint ? <p className="quiet">{hint}</p> : null}
  </div>
);

/** An error in place of what could not be read. @param onRetry reads it again */
export const Failed = ({ error, onRetry }: { error: unknown; onRetry: () => void }) => (
  <div className="state" role="alert">
    <p className="state-title">{sentenceOf(error)}</p>
    <button type="button" className="button" onClick={onRetry}>
      {t("error.retry")}
    </button>
  </div>
);
