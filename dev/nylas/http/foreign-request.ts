/**
 * Copies a request into a native `Request`. Miniflare's outboundService passes its own class, which Hono and
 * `new Request` reject.
 */
export async function ownRequest(request: Request): Promise<Request> {
  const body = request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer();
  return new Request(request.url, {
    method: request.method,
    headers: [...request.headers],
    body,
    ...(request.signal instanceof AbortSignal && { signal: request.signal }),
  });
}
