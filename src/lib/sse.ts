// The format of an event stream: WHATWG HTML section 9.2. What is put into a field here has no line breaks: types
// and ids are our own, and JSON escapes its.
//
// A blank line ends an event, and by that section one without data is no event. Not all clients know: fetch-event-source
// calls its handler at every blank line. So there is a blank line behind data only; a comment and `retry:` take
// effect as soon as their line ends.

/** A comment that keeps the connection alive through proxies. */
export const KEEPALIVE = ":\n";

/** Tells the client how long to wait before it connects again: a line that the next event goes on from. */
export const formatRetry = (milliseconds: number): string => `retry: ${milliseconds}\n`;

/** One event. @param data serialised as JSON */
export const formatEvent = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** The same event with what the client shall send as its Last-Event-ID from now on. */
export const withId = (id: string, event: string): string => `id: ${id}\n${event}`;
