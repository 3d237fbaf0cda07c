import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLocation, useSearchParams } from "wouter";
import { openComposer } from "../compose/open.ts";
import { t } from "../i18n/index.ts";
import { useShortcuts } from "../keyboard.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Logo } from "../ui/logo.tsx";
import { useMedia } from "../ui/media.ts";
import { closeDrawer, useDrawer } from "./drawer.ts";
import { Navigation } from "./navigation.tsx";
import { useOutboxProblems } from "./outbox-problems.ts";
import "./sidebar.css";

/** The views, the mailboxes and the other screens. On a narrow screen it is a drawer that a button opens. */
export function Sidebar() {
  const isDrawer = useMedia("(max-width: 62rem)");
  const isOpen = useDrawer();
  const problems = useOutboxProblems();
  useComposeKey();
  useEffect(() => {
    if (!isDrawer) closeDrawer();
  }, [isDrawer]);

  if (isDrawer) return isOpen ? <Drawer problems={problems} /> : null;
  return (
    <div className="sidebar">
      <div className="sidebar-head">
        <Logo />
      </div>
      <Navigation problems={problems} />
    </div>
  );
}

/** The sidebar over the page. The browser's own dialog keeps the focus inside, closes with Escape, and gives it back. */
function Drawer({ problems }: { problems: number }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [path] = useLocation();
  const [parameters] = useSearchParams();
  const address = `${path}?${parameters}`;
  const opened = useRef(address);

  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => {
      current?.close();
      // What was chosen has replaced the button that opened the drawer.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body)
          document.querySelector<HTMLElement>(".menu-button")?.focus();
      });
    };
  }, []);
  useEffect(() => {
    if (address !== opened.current) closeDrawer();
  }, [address]);

  return (
    <dialog
      ref={dialog}
      className="sidebar drawer"
      aria-label={t("nav.label")}
      onClose={closeDrawer}
      onClick={({ target }) => {
        const isSame = target instanceof Element && target.closest("a[aria-current], button[data-leaves]");
        if (target === dialog.current || isSame) closeDrawer();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="drawer-sheet">
        <div className="sidebar-head">
          <Logo />
          <IconButton label={t("nav.close")} shortcut="Escape" onClick={closeDrawer}>
            <X size={18} />
          </IconButton>
        </div>
        <Navigation problems={problems} />
      </div>
    </dialog>
  );
}

/** `c` works everywhere, also while the drawer is closed. */
function useComposeKey(): void {
  const [parameters] = useSearchParams();
  const account_id = parameters.get("mailbox");
  useShortcuts([
    {
      keys: "c",
      label: "nav.compose",
      run: () => openComposer({ kind: "new", ...(account_id ? { account_id } : {}) }),
    },
  ]);
}
