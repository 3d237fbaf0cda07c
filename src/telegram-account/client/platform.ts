import type { MtClientOptions } from "@mtcute/core";

/** Security: mtcute's log lines have what is sent and received, so they go nowhere. */
export const platform: MtClientOptions["platform"] = {
  beforeExit: () => () => {},
  log: () => {},
  getDefaultLogLevel: () => null,
  getDeviceModel: () => "Cloudflare Workers",
};
