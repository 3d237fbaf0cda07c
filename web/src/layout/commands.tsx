import { lazy, Suspense, useState } from "react";
import { useLocation } from "wouter";
import { useShortcuts } from "../keyboard.ts";
import { pathOf, type View } from "../paths.ts";
import { VIEWS } from "../views.ts";
import { Keys } from "./keys.tsx";

const Palette = lazy(() => import("./palette.tsx"));

/** The keys that work everywhere, and the dialogs that they open. */
export function Commands() {
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<"palette" | "keys" | null>(null);
  const views = Object.entries(VIEWS) as [View, (typeof VIEWS)[View]][];
  useShortcuts([
    { keys: "Ctrl+k", label: "palette.label", run: () => setOpen("palette") },
    { keys: "/", label: "palette.label", run: () => setOpen("palette") },
    { keys: "?", label: "keys.title", run: () => setOpen("keys") },
    ...views.map(([view, { key }]) => ({
      keys: `g ${key}`,
      label: `view.${view}` as const,
      run: () => navigate(pathOf({ view })),
    })),
    { keys: "g d", label: "view.drafts", run: () => navigate("/app/drafts") },
    { keys: "g o", label: "nav.outbox", run: () => navigate("/app/outbox") },
    { keys: "g m", label: "nav.mailboxes", run: () => navigate("/app/mailboxes") },
    { keys: "g ,", label: "nav.settings", run: () => navigate("/app/settings") },
  ]);
  if (open === "keys") return <Keys onClose={() => setOpen(null)} />;
  if (open === "palette")
    return (
      <Suspense>
        <Palette onClose={() => setOpen(null)} />
      </Suspense>
    );
  return null;
}
