import { Archive, Inbox, Layers, type LucideIcon, Send, ShieldAlert, Star, Trash2 } from "lucide-react";
import type { View } from "./paths.ts";

/** The icon of each view, and the key after `g` that opens it. In the order of the sidebar. */
export const VIEWS = {
  inbox: { icon: Inbox, key: "i" },
  starred: { icon: Star, key: "s" },
  archived: { icon: Archive, key: "a" },
  sent: { icon: Send, key: "t" },
  all: { icon: Layers, key: "l" },
  junk: { icon: ShieldAlert, key: "j" },
  trash: { icon: Trash2, key: "b" },
} as const satisfies Record<View, { icon: LucideIcon; key: string }>;
