import { useQueries } from "@tanstack/react-query";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { sentenceOf } from "../api.ts";
import { useIntent } from "../compose/open.ts";
import { t } from "../i18n/index.ts";
import { useShortcuts } from "../keyboard.ts";
import type { ListQuery } from "../paths.ts";
import { useSettings } from "../settings.ts";
import { prefetchThread } from "../thread/query.ts";
import { Failed } from "../ui/state.tsx";
import { Nothing } from "./empty.tsx";
import { ListHeader } from "./header.tsx";
import { openLists, Pages } from "./pages.ts";
import { readPage } from "./read.ts";
import { Row, RowSkeleton } from "./row.tsx";
import { shortcutsOf, toggled } from "./shortcuts.ts";
import "./list.css";

interface Props {
  query: ListQuery;
  /** The conversation that is open. */
  openId: string | undefined;
  onOpen: (threadId: string | undefined) => void;
}

const ROW_HEIGHT = { comfortable: 84, compact: 60 };

/** A list of conversations, newest first. Only the rows in sight are drawn, and only their pages are kept. */
export function ConversationList({ query, openId, onOpen }: Props) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller gives each query a list of its own
  const list = useMemo(() => new Pages(query, readPage), []);
  useSyncExternalStore(list.subscribe, list.version);
  const { density } = useSettings();
  const viewport = useRef<HTMLDivElement>(null);
  const [cursorId, setCursor] = useState(openId);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());

  useEffect(() => {
    openLists.add(list);
    return () => {
      openLists.delete(list);
    };
  }, [list]);

  useEffect(() => list.setOpen(openId), [list, openId]);

  const cursorRow = cursorId === undefined ? -1 : list.rowOf(cursorId);
  const more = list.isComplete ? 0 : 1;
  const rows = useVirtualizer({
    count: list.isRead ? list.length + more : 8,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW_HEIGHT[density],
    overscan: 8,
    // The row with the focus stays, so that the focus is not lost by scrolling.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return cursorRow < 0 || shown.includes(cursorRow) ? shown : [...shown, cursorRow].sort((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a density has rows of its own height
  useEffect(() => rows.measure(), [density]);

  const items = rows.getVirtualItems();
  const pages = [...new Set(items.map(({ index }) => list.placeOf(index).page))].filter(
    (page) => page < list.pageCount,
  );
  const results = useQueries({ queries: (pages.length ? pages : [0]).map((page) => list.pageQuery(page)) });
  const failure = results.find(({ isError }) => isError);

  useHolding(list, viewport);

  const move = useCallback(
    (to: string, isOpening = openId !== undefined) => {
      setCursor(to);
      const row = list.rowOf(to);
      rows.scrollToIndex(row, { align: "auto" });
      if (isOpening) onOpen(to);
      const next = list.at(row + 1);
      void prefetchThread(to, query.view);
      if (next) void prefetchThread(next.thread_id, query.view);
    },
    [list, rows, openId, onOpen, query.view],
  );

  useShortcuts(shortcutsOf({ list, openId, cursorId, selected, move, open: onOpen, select: setSelected }));
  useFocusBack(openId, viewport);

  const isEmpty = list.isRead && list.isComplete && list.length === 0;
  return (
    <section className={`conversations ${openId ? "has-open" : ""}`} aria-label={t("list.label")}>
      <ListHeader list={list} selected={selected} onClear={() => setSelected(new Set())} />
      <div className="list-viewport" ref={viewport}>
        {failure && !list.isRead ? (
          <Failed error={failure.error} onRetry={() => void failure.refetch()} />
        ) : isEmpty ? (
          <Nothing query={query} />
        ) : (
          <ul className="rows" style={{ height: rows.getTotalSize() }} aria-busy={!list.isRead}>
            {items.map(({ index, start, size, key }) => {
              const conversation = list.at(index);
              const place = { height: size, transform: `translateY(${start}px)` };
              if (!conversation) return <RowSkeleton key={key} style={place} />;
              const { thread_id } = conversation;
              return (
                <Row
                  key={thread_id}
                  style={place}
                  conversation={conversation}
                  query={query}
                  isOpen={thread_id === openId}
                  isCursor={cursorRow < 0 ? index === 0 : thread_id === cursorId}
                  isSelected={selected.has(thread_id)}
                  onSelect={() => setSelected((before) => toggled(before, thread_id))}
                  onFocus={() => setCursor(thread_id)}
                />
              );
            })}
          </ul>
        )}
      </div>
      {failure && list.isRead ? (
        <button type="button" className="list-retry" onClick={() => void failure.refetch()}>
          {sentenceOf(failure.error)} · {t("error.retry")}
        </button>
      ) : null}
      {list.heldCount > 0 ? (
        <button
          type="button"
          className="new-pill"
          onClick={() => {
            list.release();
            viewport.current?.scrollTo({ top: 0 });
          }}
        >
          {t("list.new", { n: list.heldCount })}
        </button>
      ) : null}
    </section>
  );
}

/** Holds the list still while it is scrolled, under the pointer, or somebody writes. */
function useHolding(list: Pages, viewport: { current: HTMLDivElement | null }): void {
  const isWriting = useIntent() !== null;
  useEffect(() => {
    const element = viewport.current;
    // The pill lies over the list, and must not vanish when the pointer comes to it.
    const whole = element?.parentElement;
    let isUnderPointer = whole?.matches(":hover") ?? false;
    const update = () => list.hold(isWriting || isUnderPointer || (element?.scrollTop ?? 0) > 0);
    const enter = (event: PointerEvent) => {
      isUnderPointer = event.pointerType === "mouse";
      update();
    };
    const leave = () => {
      isUnderPointer = false;
      update();
    };
    update();
    whole?.addEventListener("pointerenter", enter);
    whole?.addEventListener("pointerleave", leave);
    element?.addEventListener("scroll", update, { passive: true });
    return () => {
      whole?.removeEventListener("pointerenter", enter);
      whole?.removeEventListener("pointerleave", leave);
      element?.removeEventListener("scroll", update);
    };
  }, [list, viewport, isWriting]);
}

/** Gives the focus back to the row of a conversation that was closed. */
function useFocusBack(openId: string | undefined, viewport: { current: HTMLDivElement | null }): void {
  const before = useRef(openId);
  useEffect(() => {
    const closed = openId === undefined ? before.current : undefined;
    before.current = openId;
    if (closed !== undefined)
      viewport.current?.querySelector<HTMLElement>('.row-link[tabindex="0"]')?.focus({ preventScroll: true });
  }, [openId, viewport]);
}
