import type { tl } from "@mtcute/core";
import type { AccountContext, CallOptions } from "../context.ts";

/** The account's connection to Telegram: opened by the first call, closed some seconds after the last one. */
export class Connection {
  readonly #account: Pick<AccountContext, "sql" | "env" | "phone">;

  constructor(account: Pick<AccountContext, "sql" | "env" | "phone">) {
    this.#account = account;
  }

  async call<Method extends tl.RpcMethod>(
    _method: Method,
    _options?: CallOptions,
  ): Promise<tl.RpcCallReturn[Method["_"]]> {
    throw new Error(`FRAME ${this.#account.phone}`);
  }

  async close(): Promise<void> {}
}
