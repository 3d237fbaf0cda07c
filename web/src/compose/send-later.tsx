import { Clock } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { longDate } from "../i18n/dates.ts";
import { type Key, t } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";

const MAX_DAYS = 30;

/** Times that people choose most, as far as they are still ahead. */
function presets(now: Date): { label: Key; time: Date }[] {
  const at = (days: number, hour: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const monday = (8 - now.getDay()) % 7 || 7;
  const all: { label: Key; time: Date }[] = [
    { label: "compose.inAnHour", time: new Date(now.getTime() + 3_600_000) },
    { label: "compose.thisEvening", time: at(0, 18) },
    { label: "compose.tomorrowMorning", time: at(1, 9) },
    { label: "compose.mondayMorning", time: at(monday, 9) },
  ];
  return all.filter(({ time }) => time.getTime() > now.getTime() + 60_000);
}

/** A time as `<input type="datetime-local">` has it. */
const fieldOf = (time: Date): string =>
  new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** The times at which a mail can be sent later. */
export function SendLater({ onChoose }: { onChoose: (time: string) => void }) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState("");
  const place = useRef<HTMLDivElement>(null);
  const focusButton = () => place.current?.querySelector<HTMLElement>(".send-later-button")?.focus();
  const field = useRef<HTMLInputElement>(null);
  const now = new Date();

  useEffect(() => {
    if (!isOpen) return;
    place.current?.querySelector<HTMLElement>(".send-later button")?.focus();
    const leave = (event: Event) => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) setOpen(false);
    };
    addEventListener("pointerdown", leave);
    addEventListener("focusin", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("focusin", leave);
    };
  }, [isOpen]);

  const choose = (time: Date) => {
    const ahead = time.getTime() - Date.now();
    if (!(ahead > 0)) return setError(t("compose.timeIsPast"));
    if (ahead >= MAX_DAYS * 86_400_000) return setError(t("compose.timeIsFar", { n: MAX_DAYS }));
    setOpen(false);
    focusButton();
    onChoose(time.toISOString());
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes it, from wherever in it
    <div
      ref={place}
      className="send-later-place"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        setOpen(false);
        focusButton();
      }}
    >
      <IconButton
        className="send-later-button"
        label={t("compose.sendLater")}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => {
          setError("");
          setOpen(!isOpen);
        }}
      >
        <Clock size={17} />
      </IconButton>
      {isOpen ? (
        <div id={id} className="send-later" role="dialog" aria-label={t("compose.sendLater")}>
          {presets(now).map(({ label, time }) => (
            <button key={label} type="button" className="send-later-time" onClick={() => choose(time)}>
              <span>{t(label)}</span>
              <span className="quiet">{longDate(time.toISOString())}</span>
            </button>
          ))}
          <label>
            <span className="visually-hidden">{t("compose.time")}</span>
            <input
              ref={field}
              type="datetime-local"
              min={fieldOf(now)}
              max={fieldOf(new Date(now.getTime() + MAX_DAYS * 86_400_000))}
              defaultValue={fieldOf(new Date(now.getTime() + 86_400_000))}
              aria-describedby={`${id}-error`}
            />
          </label>
          <p id={`${id}-error`} className="error" role="alert">
            {error}
          </p>
          <button
            type="button"
            className="button"
            onClick={() => choose(new Date(field.current?.value ?? ""))}
          >
            {t("compose.schedule")}
          </button>
        </div>
      ) : null}
    </div>
  );
}
