import * as z from "zod/mini";
import { uuidv7 } from "../../lib/ids.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import type { Change, MessageChange, Push } from "../provider/changes.ts";
import type { notifications } from "../schema/intake.ts";

/** A change that names a message and says nothing else, so that the provider is asked for its state. */
export const askFor = (messageId: string, isHistory: boolean): MessageChange => ({
  kind: "message",
  message: { id: messageId },
  isPartial: true,
  isPresentable: false,
  isHistory,
});

/** The changes that their kind tells whole. */
const KINDS = [
  ...(["folders_changed", "grant_expired", "grant_deleted", "grant_renewed"] as const),
  ...(["grant_changed", "grant_synced"] as const),
];

/**
 * What the ledger keeps of a change, so that it can be applied again without its bytes: the kind, or `kind/id` for a
 * message.
 * @returns null for a change that says more than that, or that nobody understands
 */
export function summarize(change: Change): string | null {
  if (change.kind === "message") return `${change.isHistory ? "history" : "message"}/${change.message.id}`;
  if (change.kind === "message_deleted") return `message_deleted/${change.messageId}`;
  return KINDS.find((kind) => kind === change.kind) ?? null;
}

/** The inverse of `summarize`. A message comes back without its content. */
function toChange(summary: string): Change {
  const kind = KINDS.find((each) => each === summary);
  if (kind) return { kind };
  const slash = summary.indexOf("/");
  const messageId = summary.slice(slash + 1);
  const what = summary.slice(0, slash);
  if (what === "message_deleted") return { kind: what, messageId };
  return askFor(messageId, what === "history");
}

/** What the ledger knows of a notification whose bytes are gone, in place of these bytes. */
const Recalled = lazy(() =>
  z.object({
    recalled: z.object({
      id: z.string(),
      type: z.string(),
      grant_id: z.nullable(z.string()),
      /** Seconds since the epoch. */
      occurred_at: z.nullable(z.int()),
      received_at: z.int(),
      summary: z.string(),
      /** What is asked for now may be news, and raises events of its own. */
      cause: z.string(),
    }),
  }),
);

type Row = Pick<
  RowOf<typeof notifications>,
  "id" | "type" | "grant_id" | "occurred_at" | "received_at" | "change"
>;

/** @returns the bytes to replay a notification from that has none any more; null when the ledger knows too little */
export function recall({ change: summary, ...row }: Row): Uint8Array | null {
  if (summary === null) return null;
  const { id, type, grant_id, occurred_at, received_at } = row;
  const recalled = { id, type, grant_id, occurred_at, received_at, summary, cause: uuidv7() };
  return new TextEncoder().encode(JSON.stringify({ recalled } satisfies Infer<typeof Recalled>));
}

/**
 * Reads what `recall` wrote. A message is as of now, since the provider is asked now.
 * @returns null for anything else
 */
export function readRecalled(body: unknown): Push | null {
  const { success, data } = Recalled().safeParse(body);
  if (!success) return null;
  const { id, type, grant_id, occurred_at, received_at, summary, cause } = data.recalled;
  const change = toChange(summary);
  const at = change.kind === "message" ? nowSeconds() : (occurred_at ?? received_at);
  // A deletion is later than an update in the same second.
  const observed_at = at * 1000 + (change.kind === "message_deleted" ? 2 : 0);
  return { id, type, grant_id, occurred_at, observed_at, cause, change };
}
