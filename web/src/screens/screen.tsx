import type { ReactNode } from "react";
import { MenuButton } from "../layout/menu-button.tsx";

interface Props {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen with its heading. */
export const Screen = ({ title, actions, children }: Props) => (
  <>
    <header className="screen-head">
      <MenuButton />
      <h1>{title}</h1>
      {actions}
    </header>
    <div className="screen-body">{children}</div>
  </>
);
