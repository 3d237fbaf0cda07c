import type { Long } from "@mtcute/core";
import type { Call } from "./handler.ts";

/** A call, and what its wrapping says. */
export interface Unwrapped {
  call: Call;
  layer?: number;
  deviceModel?: string;
  /** Messages that must be done first. */
  after: Long[];
  wantsUpdates: boolean;
}

/** Takes a call out of `invokeWithLayer`, `initConnection` and the like. */
export function unwrap(wrapped: Call): Unwrapped {
  const found: Unwrapped = { call: wrapped, after: [], wantsUpdates: true };
  for (;;) {
    const { call } = found;
    if (call._ === "invokeWithLayer") found.layer = call.layer;
    else if (call._ === "initConnection") found.deviceModel = call.deviceModel;
    else if (call._ === "invokeAfterMsg") found.after.push(call.msgId);
    else if (call._ === "invokeAfterMsgs") found.after.push(...call.msgIds);
    else if (call._ === "invokeWithoutUpdates") found.wantsUpdates = false;
    else return found;
    // Any method may be wrapped.
    found.call = call.query as Call;
  }
}
