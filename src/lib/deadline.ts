/**
 * Runs work with a signal that aborts after some milliseconds. The timer ends with the work. That of AbortSignal.timeout
 * does not, and a pending timer keeps a Durable Object awake, which is billed.
 */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const error = new DOMException("The operation was aborted due to timeout", "TimeoutError");
  const timer = setTimeout(() => controller.abort(error), ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
