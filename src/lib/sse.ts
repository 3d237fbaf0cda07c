const encoder = new TextEncoder();

/** A comment that keeps the connection alive through proxies. */
export const KEEPALIVE = encoder.encode(":\n\n");

/**
 * One event of a stream (WHATWG HTML section 9.2).
 * @param event a name without line breaks
 * @param data serialised as JSON, which has no line breaks either
 */
export const encodeEvent = (event: string, data: unknown): Uint8Array =>
  encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
