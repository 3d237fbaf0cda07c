// The format of an event stream: WHATWG HTML section 9.2. No field value has a line break: types and ids are our own,
// and JSON escapes them.
//
// By that section, a blank line without data before it is not an event. But fetch-event-source calls its handler at
// every blank line. So a blank line follows data only. A comment and `retry:` take effect at the end of their line.

/** A comment that keeps the connection alive through proxies. */
export const KEEPALIVE = ":\n";

/** Sets the client's reconnect delay. The line is part of the next event. */
export const formatRetry = (milliseconds: number): string => `retry: ${milliseconds}\n`;

/** Formats one event. @param data is serialised as JSON */
export const formatEvent = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Adds an id to an event. The client sends it as Last-Event-ID when it reconnects. It is the last line: some clients
 * (fetch-event-source) take it when they read it, and would skip an event that was cut off after it.
 */
export const withId = (id: string, event: string): string => `${event.slice(0, -1)}id: ${id}\n\n`;
