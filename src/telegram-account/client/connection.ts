import type { tl } from "@mtcute/core";
import type { AccountContext, CallOptions } from "../context.ts";
import { Refused, TelegramError } from "../errors.ts";
import { endSession } from "../state.ts";
import { type Client, openClient } from "./client.ts";

type Account = Pick<AccountContext, "sql" | "env" | "phone">;

const CALL_MS = 20_000;

/** How long a connection without calls is kept open, in milliseconds. */
const IDLE_MS = 10_000;

/** Telegram's errors that end a session. */
const ENDED = [
  "AUTH_KEY_UNREGISTERED",
  "AUTH_KEY_INVALID",
  "AUTH_KEY_DUPLICATED",
  "SESSION_REVOKED",
  "SESSION_EXPIRED",
  "USER_DEACTIVATED",
  "USER_DEACTIVATED_BAN",
];

/** The account's connection to Telegram: opened by the first call, closed some seconds after the last one. */
export class Connection {
  readonly #account: Account;
  #client: Promise<Client> | null = null;
  /** The end of the last client. */
  #closing: Promise<void> = Promise.resolve();
  #running = 0;
  #idle: number | null = null;

  constructor(account: Account) {
    this.#account = account;
  }

  /** See AccountContext. */
  async call<Method extends tl.RpcMethod>(
    method: Method,
    { timeoutMs = CALL_MS }: CallOptions = {},
  ): Promise<tl.RpcCallReturn[Method["_"]]> {
    clearTimeout(this.#idle);
    this.#running++;
    const client = this.#open();
    try {
      return await (await client).call(method, timeoutMs);
    } catch (error) {
      const isEnd = error instanceof TelegramError && ENDED.includes(error.text);
      if (isEnd) endSession(this.#account);
      // A connection that answers nothing is not worth keeping, and neither is a client that was not opened.
      if (isEnd || !(error instanceof TelegramError)) await this.#drop(client);
      throw isEnd ? new Refused("signed_out", error.reason) : error;
    } finally {
      this.#running--;
      clearTimeout(this.#idle);
      if (this.#running === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS);
    }
  }

  /** Closes the connection: calls without an answer fail. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    if (this.#client) await this.#drop(this.#client);
    await this.#closing;
  }

  #open(): Promise<Client> {
    // Two clients of one key must never meet at Telegram.
    this.#client ??= this.#closing.then(() => openClient(this.#account));
    return this.#client;
  }

  async #drop(client: Promise<Client>): Promise<void> {
    if (this.#client === client) {
      this.#client = null;
      this.#closing = client.then((opened) => opened.close()).catch(() => {});
    }
    await this.#closing;
  }
}
