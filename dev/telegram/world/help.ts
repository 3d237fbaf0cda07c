import type { tl } from "@mtcute/core";
import type { Methods } from "./methods.ts";
import { seconds } from "./views.ts";

/** A data centre, as clients find it. */
export interface Address {
  id: number;
  port: number;
}

/** What anybody may ask. @param addresses of all data centres, on this machine */
export const help = (addresses: () => Address[]): Methods => ({
  "help.getConfig": (world, _call, { dc }): tl.RawConfig => {
    const now = seconds(world.now());
    return {
      ...{ _: "config", date: now, expires: now + 3600, testMode: false, thisDc: dc },
      dcOptions: addresses().map(({ id, port }) => ({ _: "dcOption", id, ipAddress: "127.0.0.1", port })),
      ...{ dcTxtDomainName: "", chatSizeMax: 200, megagroupSizeMax: 200_000, forwardedCountMax: 100 },
      ...{ onlineUpdatePeriodMs: 210_000, offlineBlurTimeoutMs: 5000, offlineIdleTimeoutMs: 30_000 },
      ...{ onlineCloudTimeoutMs: 300_000, notifyCloudDelayMs: 30_000, notifyDefaultDelayMs: 1500 },
      ...{ pushChatPeriodMs: 60_000, pushChatLimit: 2, editTimeLimit: 172_800, revokeTimeLimit: 172_800 },
      ...{ revokePmTimeLimit: 172_800, ratingEDecay: 2_419_200, stickersRecentLimit: 200 },
      ...{ channelsReadMediaPeriod: 604_800, callReceiveTimeoutMs: 20_000, callRingTimeoutMs: 90_000 },
      ...{ callConnectTimeoutMs: 30_000, callPacketTimeoutMs: 10_000, meUrlPrefix: "https://t.me/" },
      ...{ captionLengthMax: 1024, messageLengthMax: 4096, webfileDcId: 4 },
    };
  },

  "help.getNearestDc": (_world, _call, { dc }) => ({
    ...{ _: "nearestDc", country: "UZ", thisDc: dc, nearestDc: 2 },
  }),

  "help.getAppConfig": () => ({ _: "help.appConfigNotModified" }),
});
