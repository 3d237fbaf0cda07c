import { Archive, ArchiveRestore, MailOpen, Star, X } from "lucide-react";
import { Link } from "wouter";
import { t } from "../i18n/index.ts";
import { MenuButton } from "../layout/menu-button.tsx";
import { pathOf } from "../paths.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { type Change, change } from "./changes.ts";
import type { Pages } from "./pages.ts";
import { archiveOf } from "./row.tsx";

interface Props {
  list: Pages;
  selected: ReadonlySet<string>;
  onClear: () => void;
}

/** The name of a list with its filter, or what can be done to the selected conversations. */
export function ListHeader({ list, selected, onClear }: Props) {
  const { query } = list;
  if (selected.size > 0) return <SelectionHeader list={list} selected={selected} onClear={onClear} />;
  return (
    <header className="list-header">
      <MenuButton />
      <h1>{t(`view.${query.view}`)}</h1>
      <Link
        href={pathOf({ ...query, unread: !query.unread })}
        className={`chip ${query.unread ? "is-on" : ""}`}
        aria-current={query.unread ? "true" : undefined}
      >
        {t("list.unreadOnly")}
      </Link>
    </header>
  );
}

function SelectionHeader({ list, selected, onClear }: Props) {
  const archive = archiveOf(list.query);
  const act = (kind: Change) => () => {
    change(
      kind,
      [...selected].map((thread_id) => ({ thread_id })),
    );
    onClear();
  };
  return (
    <header className="list-header is-selection">
      <IconButton label={t("list.clear")} shortcut="Escape" onClick={onClear}>
        <X size={20} />
      </IconButton>
      <h1 aria-live="polite">{t("list.selected", { n: selected.size })}</h1>
      <IconButton label={t(`action.${archive}`)} shortcut="e" onClick={act(archive)}>
        {archive === "archive" ? <Archive size={18} /> : <ArchiveRestore size={18} />}
      </IconButton>
      <IconButton label={t("action.read")} onClick={act("read")}>
        <MailOpen size={18} />
      </IconButton>
      <IconButton label={t("action.star")} shortcut="s" onClick={act("star")}>
        <Star size={18} />
      </IconButton>
    </header>
  );
}
