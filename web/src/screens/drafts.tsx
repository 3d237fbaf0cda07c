import { useInfiniteQuery } from "@tanstack/react-query";
import { FilePen, Trash2 } from "lucide-react";
import { toast } from "sonner";
import { ApiError, api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { previewOf, splitBody } from "../compose/html.ts";
import { openComposer } from "../compose/open.ts";
import { longDate, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { Avatar } from "../ui/avatar.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Empty, Failed } from "../ui/state.tsx";
import { useNameOf } from "../users.ts";
import { More } from "./more.tsx";
import { Screen } from "./screen.tsx";
import "./outgoing.css";

type Draft = Schemas["DraftResponse"];

/** There is no event of drafts, so the list looks again. */
const LOOK_MS = 20_000;

/** The drafts that colleagues share, last changed first. */
export default function Drafts() {
  const drafts = useInfiniteQuery({
    queryKey: ["drafts"],
    queryFn: ({ pageParam: cursor, signal }) =>
      take(api.GET("/drafts", { params: { query: cursor ? { cursor } : {} }, signal })),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: 0,
    refetchInterval: LOOK_MS,
  });
  const items = drafts.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Screen title={t("view.drafts")}>
      {drafts.isError ? <Failed error={drafts.error} onRetry={() => void drafts.refetch()} /> : null}
      {drafts.isSuccess && items.length === 0 ? (
        <Empty icon={<FilePen size={40} />} title={t("drafts.none")} hint={t("drafts.none.hint")} />
      ) : null}
      <ul className="outgoing" aria-busy={drafts.isPending}>
        {items.map((draft) => (
          <Row key={draft.id} draft={draft} />
        ))}
      </ul>
      <More list={drafts} />
    </Screen>
  );
}

function Row({ draft }: { draft: Draft }) {
  const nameOf = useNameOf();
  const { id, to, subject, body_html, updated_by, updated_at, attachment_ids } = draft;
  const names = to.map(({ name, email }) => name ?? email).join(", ");
  const author = nameOf(updated_by);
  return (
    <li className="outgoing-row">
      <Avatar of={author} />
      <button
        type="button"
        className="outgoing-open"
        onClick={() => openComposer({ kind: "draft", draft_id: id })}
      >
        <span className="outgoing-names">{names || t("drafts.noRecipient")}</span>
        <span className="outgoing-subject" dir="auto">
          {subject || t("list.noSubject")}
        </span>
        <span className="outgoing-text quiet" dir="auto">
          {previewOf(splitBody(body_html).text).slice(0, 200)}
        </span>
        <span className="quiet">
          {t("drafts.by", { name: author })}
          {attachment_ids.length ? ` · ${t("drafts.files", { n: attachment_ids.length })}` : ""}
        </span>
      </button>
      <time className="quiet" dateTime={updated_at} title={longDate(updated_at)}>
        {shortDate(updated_at)}
      </time>
      <IconButton label={t("drafts.delete")} onClick={() => void remove(draft)}>
        <Trash2 size={17} />
      </IconButton>
    </li>
  );
}

/** Deletes a draft. Undone, it is a new one with the same content. */
async function remove(draft: Draft): Promise<void> {
  const params = { path: { draft_id: draft.id }, header: { "If-Match": `"${draft.version}"` } };
  try {
    await take(api.DELETE("/drafts/{draft_id}", { params }));
  } catch (error) {
    const isChanged = error instanceof ApiError && error.status === 409;
    toast.error(isChanged ? t("compose.notDiscarded") : t("failed.change", { reason: sentenceOf(error) }));
    return;
  } finally {
    void queries.invalidateQueries({ queryKey: ["drafts"] });
  }
  const restore = async () => {
    await take(api.POST("/drafts", { body: draft })).catch((error) =>
      toast.error(t("failed.undo", { reason: sentenceOf(error) })),
    );
    await queries.invalidateQueries({ queryKey: ["drafts"] });
  };
  toast(t("compose.discarded"), { action: { label: t("action.undo"), onClick: () => void restore() } });
}
