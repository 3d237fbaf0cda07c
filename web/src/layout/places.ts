import { BellRing, Clock, FilePen, type LucideIcon, Mailbox, Settings } from "lucide-react";
import type { Key } from "../i18n/index.ts";

interface Place {
  path: string;
  icon: LucideIcon;
  label: Key;
  /** The key after `g` that opens it. */
  key?: string;
  /** Only for this role. */
  role?: string;
}

/** The screens that are not lists of conversations. */
export const PLACES = [
  { path: "/app/drafts", icon: FilePen, label: "view.drafts", key: "d" },
  { path: "/app/outbox", icon: Clock, label: "nav.outbox", key: "o" },
  { path: "/app/mailboxes", icon: Mailbox, label: "nav.mailboxes", key: "m" },
  { path: "/app/notifications", icon: BellRing, label: "nav.notifications", role: "admin" },
  { path: "/app/settings", icon: Settings, label: "nav.settings", key: "," },
] as const satisfies Place[] as Place[];
