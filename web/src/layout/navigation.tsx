import { useQuery } from "@tanstack/react-query";
import { LogOut, type LucideIcon, PenLine } from "lucide-react";
import type { ReactNode } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { openComposer } from "../compose/open.ts";
import { t } from "../i18n/index.ts";
import { countsQuery } from "../mailboxes.ts";
import { isView, pathOf } from "../paths.ts";
import { currentClaims, signOut } from "../session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Badge } from "../ui/badge.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { KeyHint } from "../ui/key-hint.tsx";
import { VIEWS } from "../views.ts";
import { LiveStatus } from "./live-status.tsx";
import { MailboxNavigation } from "./mailbox-navigation.tsx";
import { PLACES } from "./places.ts";

/** What the sidebar has below the logo. @param problems how many mails of the outbox need a look */
export function Navigation({ problems }: { problems: number }) {
  const [path] = useLocation();
  const [parameters] = useSearchParams();
  const accountId = parameters.get("mailbox") ?? undefined;
  const [, , name] = path.split("/");
  const view = path === "/app" || isView(name) ? ((name ?? "inbox") as keyof typeof VIEWS) : null;
  const role = currentClaims()?.role;
  const { data: counts = [] } = useQuery(countsQuery);
  const unread = counts
    .filter(({ account_id }) => accountId === undefined || account_id === accountId)
    .reduce((sum, { unread_count }) => sum + unread_count, 0);

  const [drafts, outbox, ...others] = PLACES.filter((place) => !place.role || place.role === role).map(
    ({ path: to, icon, label, key }) => (
      <Item
        key={to}
        to={to}
        icon={icon}
        label={t(label)}
        hint={key && `g ${key}`}
        isOpen={path.startsWith(to)}
      >
        {to === "/app/outbox" ? (
          <Badge count={problems} label={t("nav.problems", { n: problems })} tone="danger" />
        ) : null}
      </Item>
    ),
  );

  return (
    <>
      <button
        type="button"
        className="button primary compose-button"
        aria-keyshortcuts="c"
        data-leaves
        onClick={() => openComposer({ kind: "new", ...(accountId ? { account_id: accountId } : {}) })}
      >
        <PenLine size={17} aria-hidden="true" />
        {t("nav.compose")}
        <KeyHint keys="c" />
      </button>
      <nav className="navigation" aria-label={t("nav.label")}>
        <ul className="nav-list">
          {Object.entries(VIEWS).map(([each, { icon, key }]) =>
            isView(each) ? (
              <Item
                key={each}
                to={pathOf({ view: each, account_id: accountId })}
                icon={icon}
                label={t(`view.${each}`)}
                hint={`g ${key}`}
                isOpen={view === each}
              >
                {each === "inbox" ? <Badge count={unread} label={t("nav.unread", { n: unread })} /> : null}
              </Item>
            ) : null,
          )}
          {drafts}
          {outbox}
        </ul>
        <MailboxNavigation view={view} accountId={accountId} />
      </nav>
      <footer className="sidebar-foot">
        <ul className="nav-list">{others}</ul>
        <User />
        <LiveStatus />
      </footer>
    </>
  );
}

/** Who is signed in, with the way out. */
function User() {
  const claims = currentClaims();
  const name = claims?.name || t("user.unnamed", { id: `${claims?.user_id ?? ""}` });
  return (
    <div className="nav-user">
      <Avatar of={name} size={28} />
      <span className="nav-label">{name}</span>
      <IconButton label={t("nav.signOut")} onClick={signOut}>
        <LogOut size={17} />
      </IconButton>
    </div>
  );
}

interface ItemProps {
  to: string;
  icon: LucideIcon;
  label: string;
  hint: string | undefined;
  isOpen: boolean;
  children: ReactNode;
}

const Item = ({ to, icon: Icon, label, hint, isOpen, children }: ItemProps) => (
  <li>
    <Link href={to} className="nav-item" aria-current={isOpen ? "page" : undefined} aria-keyshortcuts={hint}>
      <Icon size={18} aria-hidden="true" />
      <span className="nav-label">{label}</span>
      {hint ? <KeyHint keys={hint} /> : null}
      {children}
    </Link>
  </li>
);
