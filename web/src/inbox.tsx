import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation, useSearchParams } from "wouter";
import { useIntent } from "./compose/open.ts";
import { countsQuery } from "./conversations/counts.ts";
import { ConversationList } from "./conversations/list.tsx";
import { t } from "./i18n/index.ts";
import { takeTyped } from "./keyboard.ts";
import { Commands } from "./layout/commands.tsx";
import { Sidebar } from "./layout/sidebar.tsx";
import { useLiveFeed } from "./live.ts";
import { isView, type ListQuery, pathOf } from "./paths.ts";
import { ThreadPane } from "./thread/pane.tsx";
import { Boundary } from "./ui/boundary.tsx";
import "./layout/layout.css";

const loadComposer = () =>
  import("./compose/composer.tsx").catch((error) => {
    // Without a composer, keys are commands again.
    takeTyped();
    throw error;
  });
const Composer = lazy(loadComposer);
const Screens = lazy(() => import("./screens/screens.tsx"));

/** Everything that a signed-in user sees: the sidebar, a list or another screen, a conversation, the composer. */
export function Inbox() {
  useLiveFeed();
  // So that pressing `r` opens it at once.
  useEffect(() => {
    const timer = setTimeout(() => void loadComposer().catch(() => {}), 1500);
    return () => clearTimeout(timer);
  }, []);
  const intent = useIntent();
  return (
    <div className="inbox">
      <Boundary>
        <Sidebar />
      </Boundary>
      <Switch>
        <Route path="/">
          <Redirect to="/app/inbox" replace />
        </Route>
        <Route path="/app">
          <Redirect to="/app/inbox" replace />
        </Route>
        <Route path="/app/:view/:thread?">
          {({ view, thread }) =>
            isView(view) ? <Conversations view={view} threadId={thread} /> : <OtherScreens />
          }
        </Route>
        <Route>
          <OtherScreens />
        </Route>
      </Switch>
      <Commands />
      {intent ? (
        <Boundary key={JSON.stringify(intent)} className="is-over">
          <Suspense>
            <Composer intent={intent} />
          </Suspense>
        </Boundary>
      ) : null}
    </div>
  );
}

function OtherScreens() {
  const [path] = useLocation();
  return (
    <Boundary of={path} className="screen">
      <Suspense fallback={<main className="screen is-loading" aria-busy="true" />}>
        <Screens />
      </Suspense>
    </Boundary>
  );
}

function Conversations({ view, threadId }: { view: ListQuery["view"]; threadId: string | undefined }) {
  const [parameters] = useSearchParams();
  const [, navigate] = useLocation();
  const query: ListQuery = {
    view,
    account_id: parameters.get("mailbox") ?? undefined,
    unread: parameters.get("unread") === "1",
  };
  const open = (id: string | undefined) => navigate(pathOf(query, id));
  useTitle(query);
  return (
    <>
      <Boundary of={pathOf(query)}>
        <ConversationList key={pathOf(query)} query={query} openId={threadId} onOpen={open} />
      </Boundary>
      <Boundary of={threadId}>
        <ThreadPane key={threadId} query={query} threadId={threadId} onClose={() => open(undefined)} />
      </Boundary>
    </>
  );
}

/** Names the tab after the list, with the unread messages of its mailboxes. */
function useTitle({ view, account_id }: ListQuery): void {
  const { data: counts = [] } = useQuery(countsQuery);
  const own = counts.filter((each) => account_id === undefined || each.account_id === account_id);
  const unread = own.reduce((sum, { unread_count }) => sum + unread_count, 0);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${t(`view.${view}`)} · Xabar`;
  }, [unread, view]);
}
