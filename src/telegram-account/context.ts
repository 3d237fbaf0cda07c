import type { tl } from "@mtcute/core";
import type { TelegramAccountEnv } from "./env.ts";

export interface CallOptions {
  /** How long an answer is waited for. Default 20 seconds; a part of a file takes longer. */
  timeoutMs?: number;
}

/** What the code of an account works with. */
export interface AccountContext {
  storage: DurableObjectStorage;
  sql: SqlStorage;
  env: TelegramAccountEnv;
  /** In digits. */
  phone: string;
  /**
   * Calls a method of Telegram's API.
   * @throws TelegramError for Telegram's refusal; a wait is never waited for
   * @throws NoAnswer if none has come
   * @throws Refused `signed_out` if Telegram has ended the session
   */
  call<Method extends tl.RpcMethod>(
    method: Method,
    options?: CallOptions,
  ): Promise<tl.RpcCallReturn[Method["_"]]>;
  /** Closes the connection, and forgets the session's key in memory. Calls without an answer fail. */
  disconnect(): Promise<void>;
  /** Sets the alarm for what is due first: to be called after work was added. */
  wake(): Promise<void>;
}
