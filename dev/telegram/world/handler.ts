import {
  type AuthKey,
  type Call,
  type Caller,
  Disturbance,
  type Handler,
  type Reply,
  RpcError,
  withFault,
} from "../wire/handler.ts";
import { dialogs } from "./dialogs.ts";
import { type Address, help } from "./help.ts";
import { history } from "./history.ts";
import { login } from "./login.ts";
import { media } from "./media.ts";
import type { Methods } from "./methods.ts";
import { chatOf } from "./peers.ts";
import { posting } from "./posting.ts";
import type { World } from "./world.ts";

/**
 * Answers calls from a world, with the faults that are planned there.
 * @param addresses of all data centres
 */
export function createHandler(world: World, addresses: () => Address[]): Handler {
  const methods: Methods = { ...help(addresses), ...login, ...dialogs, ...history, ...media, ...posting };
  const known = new Map(Object.entries(methods));

  const answer = async (call: Call, caller: Caller): Promise<Reply> => {
    const method = known.get(call._);
    if (!method) throw new RpcError(400, "INPUT_METHOD_INVALID");
    // The table's type says that each method takes its own call, which the name has chosen.
    return (method as (world: World, call: Call, caller: Caller) => Reply | Promise<Reply>)(
      world,
      call,
      caller,
    );
  };

  return {
    call: async (call, caller) => {
      const phone = phoneOf(call, caller.key);
      const account = phone === null ? undefined : world.accounts.get(phone);
      if (account) account.calls[call._] = (account.calls[call._] ?? 0) + 1;
      const fault = world.faults.take({ phone, method: call._, chat: chatOf(call) });
      return withFault(fault, () => answer(call, caller));
    },

    connect: ({ key }) => {
      const phone = key && (key.phone ?? key.pendingPhone);
      const fault = world.faults.take({ phone, method: "connect", chat: null });
      if (!fault) return undefined;
      const cut = fault.cut || fault.isLost ? "instead" : undefined;
      return new Disturbance({ delayMs: fault.delayMs, effect: fault.effect, cut });
    },
  };
}

/** Whose call it is: in a login, of the phone that it names. */
function phoneOf(call: Call, { phone, pendingPhone }: AuthKey): string | null {
  if ("phoneNumber" in call && typeof call.phoneNumber === "string")
    return call.phoneNumber.replace(/\D/g, "");
  return phone ?? pendingPhone;
}
