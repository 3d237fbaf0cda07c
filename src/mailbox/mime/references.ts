import { messageIdsIn } from "../../lib/message-ids.ts";

/** More ancestors than a conversation needs are left out, from the middle on: the first and the last tell most. */
const MAX_REFS = 100;

const bare = (header: string): string[] => messageIdsIn(header).map(({ id }) => id.slice(1, -1));

/** The Message-ID of a field, without angle brackets; empty for none. */
export const messageIdOf = (field: string | undefined): string => bare(field ?? "")[0] ?? "";

/** The Message-IDs that a message refers to, without angle brackets, oldest first. */
export function refsOf(references: string | undefined, inReplyTo: string | undefined): string[] {
  const all = [...new Set([...bare(references ?? ""), ...bare(inReplyTo ?? "")])];
  return all.length <= MAX_REFS ? all : [...all.slice(0, MAX_REFS / 2), ...all.slice(-MAX_REFS / 2)];
}
