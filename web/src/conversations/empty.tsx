import { t } from "../i18n/index.ts";
import type { ListQuery } from "../paths.ts";
import { Empty } from "../ui/state.tsx";
import { VIEWS } from "../views.ts";

/** What a list without conversations shows. */
export function Nothing({ query: { view, unread } }: { query: ListQuery }) {
  const Icon = VIEWS[view].icon;
  const icon = <Icon size={44} strokeWidth={1.25} />;
  if (unread) return <Empty icon={icon} title={t("list.empty.unread")} />;
  if (view === "inbox")
    return <Empty icon={icon} title={t("list.empty.inbox")} hint={t("list.empty.inbox.hint")} />;
  return <Empty icon={icon} title={t("list.empty.other")} />;
}
