import type { Push } from "./changes.ts";
import type { MailProvider } from "./port.ts";

/** What a provider's webhook received, once its sender is authenticated. */
export interface ReceivedPush {
  /** The provider's own id: a repetition has the same. */
  id: string;
  /** JSON, which the connector reads later. */
  bytes: Uint8Array;
}

/** One kind of provider, before it has a configuration. */
export interface Connector<Config> {
  /** Seconds after which every `send` has ended, with an answer or without. */
  sendSeconds: number;
  connect(config: Config): MailProvider;
  /**
   * Reads a `ReceivedPush`.
   * @param body the value of its bytes
   * @param receivedAt when it came, in seconds since the epoch
   * @throws ZodError for what is no push; a push that lacks what its type needs is an `unreadable` change
   */
  readPush(body: unknown, receivedAt: number): Push;
}
