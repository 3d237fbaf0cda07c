import { Logo } from "../ui/logo.tsx";

/** The views, the mailboxes and the other screens. */
export function Sidebar() {
  return (
    <nav className="sidebar">
      <Logo />
    </nav>
  );
}
