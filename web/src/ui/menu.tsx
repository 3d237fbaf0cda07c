import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { IconButton } from "./icon-button.tsx";
import "./menu.css";

/** An entry of a menu. */
export interface MenuItem {
  label: string;
  icon?: ReactNode;
  run(): void;
}

/**
 * A button that opens a menu. Arrows move in it; Escape and a choice close it, and give the focus back to the button.
 * @param label what the menu is for
 */
export function Menu({ label, icon, items }: { label: string; icon: ReactNode; items: MenuItem[] }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const id = useId();
  const button = () => root.current?.querySelector<HTMLElement>(".icon-button");

  useEffect(() => {
    if (!isOpen) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const leave = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const close = () => setOpen(false);
    addEventListener("pointerdown", leave);
    // A click in a mail's frame is not seen here, but takes the focus away.
    addEventListener("blur", close);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("blur", close);
    };
  }, [isOpen]);

  const close = () => {
    setOpen(false);
    button()?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    // Not a command of the page.
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key === "Tab") setOpen(false);
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside
    <span className="menu-root" ref={root} onKeyDown={onKeyDown}>
      <IconButton
        label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {icon}
      </IconButton>
      {isOpen ? (
        <div className="menu" role="menu" id={id} aria-label={label}>
          {items.map((item) => (
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              key={item.label}
              onClick={() => {
                close();
                item.run();
              }}
            >
              {item.icon}
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      ) : null}
    </span>
  );
}
