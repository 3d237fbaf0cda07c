import type { Client as FetchClient } from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

/** The schemas of the API by name, such as `Schemas["InboxItemResponse"]`. */
export type Schemas = components["schemas"];

/**
 * A token, or a function that is called before each request. After a 401 it is called once more, with the token that
 * was refused. To let the 401 stand, it returns the same token or an empty one.
 */
export type Token = string | ((refused?: string) => string | Promise<string>);

export interface ClientOptions {
  /** Where Xabar answers, such as `https://mail.example.com`. */
  baseUrl: string;
  token: Token;
}

/** A client of the API. A call resolves to `data` or `error`, and `response`: see docs/client.md. */
export interface Client extends Pick<FetchClient<paths>, "GET" | "POST" | "PUT" | "PATCH" | "DELETE"> {
  /**
   * Follows the live feed, over reconnects, until `signal` aborts or a token is refused. The tabs of a browser share one
   * connection. Needs no connection at first.
   * @returns when the stream is closed; never rejects
   */
  events(options: EventsOptions): Promise<void>;
}

export interface EventsOptions {
  /** Called with each event once, over all reconnects, in the order of its company's log. */
  onEvent(event: StreamEvent): void;
  /** Called when the state changes. @param failure why the stream is not live, if that is known */
  onState?(state: StreamState, failure?: Failure): void;
  /** The position to begin after: the `Last-Event-ID` header of a list, or the id of an event. Without it: now. */
  lastEventId?: string | null;
  /** Closes the stream. */
  signal?: AbortSignal;
}

/**
 * `live` while events arrive as they happen, `reconnecting` after a failure, `closed` for good. A `live` that follows
 * `reconnecting` has missed no event, unless a `resync` says so.
 */
export type StreamState = "connecting" | "live" | "reconnecting" | "closed";

/** What went wrong, in a sentence. */
export interface Failure {
  detail: string;
}

/** An event of the live feed, with what to read again or to replace: see docs/live-feed.md. */
export type StreamEvent = LoggedEvent | PresenceEvent;

/** `id` is the position after the event. */
export type LoggedEvent = Schemas["LoggedEvent"];

/** It is not in the log, and so has no id. */
export type PresenceEvent = Schemas["PresenceEvent"] & { id: null };
