import type { ProviderMessage } from "../provider/port.ts";

/** A state of a message that the provider tells. */
export interface Applying {
  message: ProviderMessage;
  /** When the provider saw this state, in milliseconds: an older state never overwrites a newer one. */
  observedAt: number;
  /** Names the delivery or request that brought it. */
  cause: string;
  /** History: stored without telling anyone. */
  silent?: boolean;
  /** A notification says so, not the provider asked just now: a deletion may have been lost meanwhile. */
  isAnnounced?: boolean;
  /** For a mail that a user of ours has sent: who, their text, the thread that it answers in, its outbox entry. */
  sent?: { userId: number; text: string | null; threadId: string | null; outboxId: string };
}

export interface Applied {
  /** Null for what was deleted before it came, and for a draft. */
  id: string | null;
  /** `deleted`: the provider has deleted it since, and it stays so. `ignored`: a draft at the provider. */
  outcome: "created" | "updated" | "unchanged" | "deleted" | "ignored";
}
