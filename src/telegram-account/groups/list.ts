import { getMarkedPeerId } from "@mtcute/core/utils.js";
import type { AccountContext } from "../context.ts";
import type { FoundGroup } from "../contract.ts";
import { NoAnswer, Refused, TelegramError } from "../errors.ts";
import { groupOf, migrationOf } from "./filter.ts";
import { type Page, pagesOf } from "./pages.ts";

/**
 * Finds all groups that the account may write in.
 * @throws Refused `flood_wait`, `unavailable`, `signed_out`
 */
export async function listGroups(account: AccountContext): Promise<FoundGroup[]> {
  const groups = new Map<number, Omit<FoundGroup, "formerPeer">>();
  const formerPeers = new Map<number, number>();
  try {
    for await (const page of pagesOf(account)) {
      for (const group of groupsIn(page)) groups.set(group.peer, group);
      for (const chat of page.chats) {
        const migration = migrationOf(chat);
        if (migration) formerPeers.set(migration.to, migration.from);
      }
    }
  } catch (error) {
    throw toRefused(error);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    formerPeer: formerPeers.get(group.peer) ?? null,
  }));
}

/** A page has also chats that its messages only mention. */
function groupsIn({ dialogs, chats }: Page) {
  const peers = new Set(dialogs.map(({ peer }) => getMarkedPeerId(peer)));
  return chats.flatMap((chat) => groupOf(chat) ?? []).filter(({ peer }) => peers.has(peer));
}

function toRefused(error: unknown): unknown {
  if (error instanceof NoAnswer) return new Refused("unavailable", "unreachable");
  return error instanceof TelegramError ? new Refused("unavailable", error.reason) : error;
}
