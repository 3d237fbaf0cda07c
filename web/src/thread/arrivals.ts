import { type RefObject, useEffect, useRef, useState } from "react";
import { claimsOf, currentToken } from "../session.ts";
import { changeEntries } from "./entries.ts";
import type { Message } from "./fold.ts";

/**
 * The messages that have arrived since a conversation was opened and that its reader has not seen. One that comes into
 * sight is read.
 */
export function useArrivals(messages: Message[], pane: RefObject<HTMLElement | null>): Message[] {
  const known = useRef(new Set(messages.map(({ id }) => id)));
  const [seen, setSeen] = useState(new Set<string>());
  const me = claimsOf(currentToken() ?? "")?.user_id;
  const unseen = messages.filter(
    ({ id, sent_by }) => !known.current.has(id) && !seen.has(id) && sent_by !== me,
  );
  const ids = unseen.map(({ id }) => id).join(" ");
  const latest = useRef(messages);
  latest.current = messages;

  useEffect(() => {
    if (ids === "") return;
    const see = (id: string) => {
      setSeen((before) => new Set(before).add(id));
      const message = latest.current.find((each) => each.id === id);
      if (message && !message.inbox.is_read) void changeEntries([message], { is_read: true });
    };
    const watcher = new IntersectionObserver(
      (entries) => {
        if (document.visibilityState === "hidden") return;
        for (const { isIntersecting, target } of entries)
          if (isIntersecting) see((target as HTMLElement).dataset.message ?? "");
      },
      { root: pane.current, rootMargin: "0px 0px -64px 0px" },
    );
    const watch = () => {
      watcher.disconnect();
      for (const id of ids.split(" ")) {
        const element = pane.current?.querySelector(`[data-message="${id}"]`);
        if (element) watcher.observe(element);
      }
    };
    watch();
    // What arrived in a tab out of sight is seen when the tab is.
    document.addEventListener("visibilitychange", watch);
    return () => {
      watcher.disconnect();
      document.removeEventListener("visibilitychange", watch);
    };
  }, [ids, pane]);

  return unseen;
}
