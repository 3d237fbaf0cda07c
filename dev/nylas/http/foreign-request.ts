/**
 * The request as this realm's own `Request`, its body read: miniflare's outboundService hands over a class of its
 * own, which `new Request` and Hono do not take.
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
