import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { BellRing, RotateCcw } from "lucide-react";
import { useId, useState } from "react";
import { toast } from "sonner";
import { api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { mailboxesQuery, nameOf } from "../mailboxes.ts";
import { currentClaims } from "../session.ts";
import { Empty, Failed } from "../ui/state.tsx";
import { NotificationTable } from "./notification-table.tsx";
import { Screen } from "./screen.tsx";
import "./notifications.css";

export type Notification = Schemas["NotificationResponse"];

const STATES = ["parked", "received", "applied", "ignored"] as const;
/** Those that an administrator may look for; the filter of the API takes any. */
const TYPES = [
  ...["message.created", "message.updated", "message.deleted", "message.bounce_detected"],
  ...["grant.expired", "grant.deleted", "folder.updated"],
];
/** How soon the state of a notification that is applied again is asked for. */
const ASK_MS = 3000;

interface Filter {
  state: "" | (typeof STATES)[number];
  type: string;
  account_id: string;
}

/** What the provider has told of the mailboxes, and the way to apply again what has failed. For administrators. */
export default function Notifications() {
  if (currentClaims()?.role === "admin") return <Administration />;
  return (
    <Screen title={t("parked.title")}>
      <Empty icon={<BellRing size={40} />} title={t("parked.refused")} hint={t("parked.refused.hint")} />
    </Screen>
  );
}

function Administration() {
  const [filter, setFilter] = useState<Filter>({ state: "parked", type: "", account_id: "" });
  const { state, type, account_id } = filter;
  const query = {
    ...(state ? { state } : {}),
    ...(type ? { type } : {}),
    ...(account_id ? { account_id } : {}),
  };
  const list = useInfiniteQuery({
    queryKey: ["notifications", query],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/webhooks/deliveries", {
          params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ items }) => items.some((each) => each.state === "received")) ? ASK_MS : false,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const parked = list.data?.pages[0]?.parked_count ?? 0;
  const replayAll = useMutation({
    mutationFn: () => replay({ type, account_id }),
    onSuccess: (n) => {
      toast.success(t("parked.replayed", { n }));
      void queries.invalidateQueries({ queryKey: ["notifications"] });
    },
    onError: (error) => toast.error(sentenceOf(error)),
  });

  return (
    <Screen
      title={t("parked.title")}
      actions={
        <button
          type="button"
          className="button primary"
          disabled={parked === 0 || replayAll.isPending}
          onClick={() => replayAll.mutate()}
        >
          <RotateCcw size={16} aria-hidden="true" />
          {type || account_id ? t("parked.replayChosen") : t("parked.replayAll")}
        </button>
      }
    >
      <p className="quiet parked-lead">
        {t("parked.lead")} {parked ? <strong>{t("parked.count", { n: parked })}</strong> : null}
      </p>
      <Filters filter={filter} onChange={setFilter} />
      {list.isPending ? <div className="skeleton parked-skeleton" aria-hidden="true" /> : null}
      {list.isError ? <Failed error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data && items.length === 0 ? (
        <Empty
          icon={<BellRing size={40} />}
          title={state === "parked" ? t("parked.empty") : t("parked.emptyFilter")}
          {...(state === "parked" ? { hint: t("parked.empty.hint") } : {})}
        />
      ) : null}
      {items.length ? <NotificationTable items={items} /> : null}
      {list.hasNextPage ? (
        <button
          type="button"
          className="button"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t("parked.more")}
        </button>
      ) : null}
    </Screen>
  );
}

/** The most that a call replays. */
const REPLAYED_AT_ONCE = 1000;

/** Applies the parked notifications of a filter again, all of them. @returns how many */
async function replay({ type, account_id }: Pick<Filter, "type" | "account_id">): Promise<number> {
  const body = { ...(type ? { type } : {}), ...(account_id ? { account_id } : {}) };
  let all = 0;
  for (;;) {
    const { replayed } = await take(api.POST("/webhooks/deliveries/replay", { body }));
    all += replayed;
    if (replayed < REPLAYED_AT_ONCE) return all;
  }
}

function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { data: mailboxes = [] } = useQuery(mailboxesQuery);
  const [state, type, mailbox] = [useId(), useId(), useId()];
  return (
    <div className="parked-filters">
      <div className="field">
        <label htmlFor={state}>{t("parked.state")}</label>
        <select
          id={state}
          value={filter.state}
          onChange={({ currentTarget: { value } }) =>
            onChange({ ...filter, state: STATES.find((each) => each === value) ?? "" })
          }
        >
          <option value="">{t("parked.any")}</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {t(`parked.state.${each}`)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={type}>{t("parked.type")}</label>
        <select
          id={type}
          value={filter.type}
          onChange={({ currentTarget: { value } }) => onChange({ ...filter, type: value })}
        >
          <option value="">{t("parked.any")}</option>
          {TYPES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={mailbox}>{t("parked.mailbox")}</label>
        <select
          id={mailbox}
          value={filter.account_id}
          onChange={({ currentTarget: { value } }) => onChange({ ...filter, account_id: value })}
        >
          <option value="">{t("nav.allMailboxes")}</option>
          {mailboxes.map((each) => (
            <option key={each.id} value={each.id}>
              {nameOf(each)}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
