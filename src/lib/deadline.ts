/**
 * Runs work with a signal that aborts after some milliseconds, and then fails, even if the work ignores the signal. The
 * timer ends with the work. That of AbortSignal.timeout does not, and a pending timer keeps a Durable Object awake, which
 * is billed.
 * @throws DOMException TimeoutError
 */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    controller.abort(error);
    reject(error);
  }, ms);
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}
