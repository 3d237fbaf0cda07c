import { openInspector } from "../support/inspector.ts";

const EVERY_MS = 20;

/** Samples the heap of the script of the mail protocols, with its buffers, until it is stopped. */
export async function watchHeap(inspectorUrl: URL): Promise<{ stop(): number }> {
  const inspector = await openInspector(new URL("/core:user:xabar-mailbox", inspectorUrl));
  let peak = 0;
  let isAsking = false;
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    const usage = (await inspector.send("Runtime.getHeapUsage").catch(() => ({}))) as Record<string, number>;
    peak = Math.max(peak, (usage.usedSize ?? 0) + (usage.backingStorageSize ?? 0));
    isAsking = false;
  }, EVERY_MS);
  return {
    /** @returns the peak in bytes */
    stop: () => {
      clearInterval(timer);
      inspector.close();
      return peak;
    },
  };
}
