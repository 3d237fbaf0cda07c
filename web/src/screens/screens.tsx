import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { NotFound } from "./not-found.tsx";
import "./screens.css";

const Drafts = lazy(() => import("./drafts.tsx"));
const Mailbox = lazy(() => import("./mailbox.tsx"));
const Mailboxes = lazy(() => import("./mailboxes.tsx"));
const Notifications = lazy(() => import("./notifications.tsx"));
const Outbox = lazy(() => import("./outbox.tsx"));
const Settings = lazy(() => import("./settings.tsx"));

/** The screens that are not lists of conversations. Each is loaded on first use. */
export default function Screens() {
  return (
    <main className="screen">
      <Suspense>
        <Switch>
          <Route path="/app/drafts" component={Drafts} />
          <Route path="/app/outbox" component={Outbox} />
          <Route path="/app/mailboxes" component={Mailboxes} />
          <Route path="/app/mailboxes/:id" component={Mailbox} />
          <Route path="/app/notifications" component={Notifications} />
          <Route path="/app/settings" component={Settings} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </main>
  );
}
