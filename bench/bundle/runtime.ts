import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import type { Cleanup } from "../support/cleanup.ts";

/** A workerd with one Worker. */
export interface Runtime {
  miniflare: Miniflare;
  stop(): Promise<void>;
}

/** The settings of wrangler.toml that affect the start of a Worker. */
export function compatibilityOf(config: string) {
  const { compatibilityDate, compatibilityFlags } = unstable_getMiniflareWorkerOptions(config).workerOptions;
  return { compatibilityDate, compatibilityFlags };
}

/**
 * Starts workerd.
 * @param config the path of a wrangler.toml
 * @param options the Miniflare options of the Worker
 */
export async function startRuntime(
  cleanup: Cleanup,
  config: string,
  options: Record<string, unknown>,
): Promise<Runtime> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...compatibilityOf(config),
      modulesRoot: "/",
      host: "127.0.0.1",
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.WARN),
      ...options,
    } as Parameters<typeof convertV4MiniflareOptions>[0]),
  );
  const stop = cleanup.defer(() => miniflare.dispose());
  await miniflare.ready;
  return { miniflare, stop };
}
