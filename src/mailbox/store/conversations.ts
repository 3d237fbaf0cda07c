import { cuid } from "../../lib/cuid.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";

// A conversation joins messages that the server joins, or that refer to each other; never by subject. A message joins
// one other: the nearest that it refers to. Those that it misses are remembered only while it has found none, and a
// conversation is merged once, as a whole: so no mail can join conversations by listing many ids.

/** The fields that decide a message's conversation. */
export interface ConversationKeys {
  /** Without angle brackets; empty for none. */
  internetMessageId: string;
  /** Message-IDs it refers to, oldest first. */
  refs: string[];
  /** The server's own thread: RFC 8474 section 5.2, or Gmail's. */
  threadId?: string | undefined;
}

/** Most references considered: the first is the conversation's root, the last are the nearest. */
const MAX_REFERENCES = 20;

/** The conversation of a new message. It may merge two, and remembers what the message waits for. */
export function joinConversation(ctx: MailboxContext, keys: ConversationKeys): string {
  const { internetMessageId, threadId } = keys;
  const own = internetMessageId === "" ? undefined : awaited(ctx, internetMessageId);
  const thread = threadId === undefined ? undefined : awaited(ctx, threadKey(threadId));
  const refs = nearestFirst(keys);
  const nearest = thread ?? nearestOf(ctx, refs);
  const joined = nearest ?? own ?? sameMail(ctx, internetMessageId);
  const id = joined === undefined ? cuid() : rootOf(ctx, joined);
  // A conversation that has been merged before has its ancestor: it takes messages in, and joins no other.
  if (own !== undefined && nearest !== undefined && own !== id && rootOf(ctx, own) === own)
    merge(ctx, own, id);
  if (threadId !== undefined && thread === undefined) remember(ctx, threadKey(threadId), id);
  if (nearest === undefined) for (const ref of refs) remember(ctx, ref, id);
  return id;
}

/** Lets replies still to come find the conversation of a message that is deleted. */
export function keepConversation(
  ctx: MailboxContext,
  internetMessageId: string,
  conversationId: string,
): void {
  if (internetMessageId !== "") remember(ctx, internetMessageId, conversationId);
}

/** The conversation as it is now, after all merges. */
export function rootOf(ctx: MailboxContext, conversationId: string): string {
  const row = rowOf<{ id: string }>(
    ctx,
    `WITH RECURSIVE chain (id, depth) AS (
       VALUES (?, 0) UNION ALL SELECT m.into_id, depth + 1 FROM chain JOIN merged_conversations m ON m.id = chain.id)
     SELECT id FROM chain ORDER BY depth DESC LIMIT 1`,
    conversationId,
  );
  return row?.id ?? conversationId;
}

/** No Message-ID has a blank, so the two kinds of keys cannot meet. */
const threadKey = (threadId: string): string => `thread ${threadId}`;

function nearestFirst({ refs, internetMessageId }: ConversationKeys): string[] {
  const isLong = refs.length > MAX_REFERENCES;
  const some = isLong ? [refs[0] ?? "", ...refs.slice(1 - MAX_REFERENCES)] : refs;
  return [...new Set(some)].filter((id) => id !== internetMessageId && id !== "").reverse();
}

const nearestOf = (ctx: MailboxContext, refs: string[]): string | undefined => {
  for (const ref of refs) {
    const found = sameMail(ctx, ref) ?? awaited(ctx, ref);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Of messages with one Message-ID the first stored counts, so that a later one cannot draw replies away. */
const sameMail = (ctx: MailboxContext, internetMessageId: string): string | undefined =>
  internetMessageId === ""
    ? undefined
    : rowOf<{ id: string }>(
        ctx,
        "SELECT conversation_id AS id FROM messages WHERE internet_message_id = ? AND internet_message_id <> '' ORDER BY id LIMIT 1",
        internetMessageId,
      )?.id;

const awaited = (ctx: MailboxContext, key: string): string | undefined =>
  rowOf<{ id: string }>(
    ctx,
    "SELECT conversation_id AS id FROM conversation_ids WHERE internet_message_id = ?",
    key,
  )?.id;

const remember = (ctx: MailboxContext, key: string, conversationId: string): void => {
  ctx.sql.exec("INSERT OR IGNORE INTO conversation_ids VALUES (?, ?)", key, conversationId);
};

const merge = (ctx: MailboxContext, id: string, into: string): void => {
  ctx.sql.exec("INSERT OR IGNORE INTO merged_conversations VALUES (?, ?)", id, into);
};
