import { toast } from "sonner";
import { api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import type { Message } from "./fold.ts";

type Flags = { is_read?: boolean; is_starred?: boolean };
type Thread = Schemas["ThreadDetailResponse"];

/** How many entries one request changes. */
const MOST = 100;

/**
 * Changes the caller's state of some messages: on the page at once, then at the API. If it refuses, the page goes back
 * and says why. The list learns it from the live feed.
 */
export async function changeEntries(messages: Message[], flags: Flags): Promise<void> {
  const [first] = messages;
  if (!first) return;
  const ids = new Set(messages.map(({ id }) => id));
  const show = (changes: (message: Message) => Flags) =>
    queries.setQueriesData<Thread>(
      { queryKey: ["thread", first.thread_id] },
      (thread) =>
        thread && {
          ...thread,
          messages: thread.messages.map((each) =>
            ids.has(each.id) ? { ...each, inbox: { ...each.inbox, ...changes(each) } } : each,
          ),
        },
    );
  const before = new Map(messages.map(({ id, inbox }) => [id, inbox]));
  show(() => flags);
  try {
    for (let at = 0; at < messages.length; at += MOST) {
      const some = messages.slice(at, at + MOST).map(({ inbox }) => inbox.id);
      await take(api.PATCH("/inbox", { body: { ids: some, changes: flags } }));
    }
  } catch (error) {
    show((message) => before.get(message.id) ?? {});
    toast.error(t("failed.change", { reason: sentenceOf(error) }));
  }
}
