import type { ComponentProps, ReactNode } from "react";

interface Props extends Omit<ComponentProps<"button">, "aria-label" | "title"> {
  /** What it does, for screen readers and as a tooltip. */
  label: string;
  /** The key that does the same, shown in the tooltip. */
  shortcut?: string;
  children: ReactNode;
}

/** A button with an icon for a text. */
export const IconButton = ({ label, shortcut, className = "", children, ...rest }: Props) => (
  <button
    type="button"
    className={`icon-button ${className}`}
    aria-label={label}
    aria-keyshortcuts={shortcut}
    title={shortcut ? `${label} (${shortcut})` : label}
    {...rest}
  >
    {children}
  </button>
);
