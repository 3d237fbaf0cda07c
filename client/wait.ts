/** The longest wait that a server can ask for, in milliseconds: ten minutes. */
const MAX_WAIT_MS = 600_000;

/**
 * Waits, at most ten minutes.
 * @param signal ends the wait early
 * @throws the signal's reason
 */
export const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", stop);
        resolve();
      },
      Math.min(milliseconds, MAX_WAIT_MS),
    );
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });

/** The milliseconds that a response asks to wait (RFC 9110 section 10.2.3); undefined if it does not, or by date. */
export function retryAfter({ headers }: Response): number | undefined {
  const seconds = Number.parseInt(headers.get("retry-after") ?? "", 10);
  return seconds >= 0 ? seconds * 1000 : undefined;
}
