import { Fragment } from "react";
import { t } from "../i18n/index.ts";
import { currentShortcuts } from "../keyboard.ts";
import { Dialog } from "../ui/dialog.tsx";
import "./keys.css";

/** The keys that work now, by what they do. */
export function Keys({ onClose }: { onClose: () => void }) {
  const byLabel = Map.groupBy(currentShortcuts(), ({ label }) => label);
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <dl className="keys">
        {[...byLabel].map(([label, shortcuts]) => (
          <Fragment key={label}>
            <dt>
              {shortcuts.map(({ keys }) => (
                <KeyNames key={keys} keys={keys} />
              ))}
            </dt>
            <dd>{t(label)}</dd>
          </Fragment>
        ))}
      </dl>
      <p className="quiet">{t("keys.hint")}</p>
    </Dialog>
  );
}

const NAMES: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", U: "Shift U" };

/** The keys of a command as they are on a keyboard. */
export const KeyNames = ({ keys }: { keys: string }) => (
  <span className="key-names">
    {keys.split(/[ +]/).map((key) => (
      <kbd key={key}>{NAMES[key] ?? key}</kbd>
    ))}
  </span>
);
