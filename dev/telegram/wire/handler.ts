import type { Long, tl } from "@mtcute/core";
import type { Fault } from "../contract.ts";

/** A method that a client calls, without what wraps it: `{ _: "messages.sendMessage", … }`. */
export type Call = tl.RpcMethod;

/** What a method answers. */
export type Reply = tl.TlObject | tl.TlObject[] | Long[] | number[] | boolean;

/** A client's secret with one data centre. It lives until it is forgotten. */
export interface AuthKey {
  /** In hex. */
  readonly id: string;
  readonly dc: number;
  readonly secret: Uint8Array;
  salt: Long;
  /** Who is signed in. */
  phone: string | null;
  /** Whose code was right, and whose password is still due. */
  pendingPhone: string | null;
  /** As the client last said. */
  layer: number;
  deviceModel: string;
  /** From now on the data centre does not know it (-404). */
  isForgotten: boolean;
  /** Two connections have used it at a time: their calls are refused. It is forgotten, too. */
  isDuplicated: boolean;
  /** Connections that use it now, and the most at one time. */
  open: number;
  most: number;
}

export interface Caller {
  /** The handler changes `phone` and `pendingPhone`. */
  key: AuthKey;
  /** Counts up with each connection of the process. */
  connection: number;
  dc: number;
}

/** What knows the methods: the world. Answers may come in any order. */
export interface Handler {
  /**
   * Does a call.
   * @throws {RpcError} for the client; any other error is a 500 INTERNAL
   */
  call(call: Call, caller: Caller): Promise<Reply | Disturbance>;
  /**
   * What goes wrong with a new connection, at its first packet: a delay, a cut, a forgotten key, a clock, or silence.
   * The key is null before the exchange of keys.
   */
  connect?(caller: Omit<Caller, "key"> & { key: AuthKey | null }): Disturbance | undefined;
}

/** A refusal that the client reads: `new RpcError(420, "FLOOD_WAIT_30")`. */
export class RpcError extends Error {
  readonly code: number;
  readonly text: string;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
    this.text = text;
  }
}

/** What the wire does besides an answer, or in place of it. */
export class Disturbance {
  /** Absent: nothing is answered. */
  readonly reply: Reply | RpcError | undefined;
  readonly delayMs: number;
  /** The connection is cut in place of the answer, or after half of it. */
  readonly cut: "instead" | "within" | undefined;
  readonly effect: Fault["effect"];

  constructor(what: {
    reply?: Reply | RpcError | undefined;
    delayMs?: number | undefined;
    cut?: Disturbance["cut"];
    effect?: Fault["effect"];
  }) {
    this.reply = what.reply;
    this.delayMs = what.delayMs ?? 0;
    this.cut = what.cut;
    this.effect = what.effect;
  }
}

/** Effects after which the client is to send its call again: nothing is done. */
const UNDONE: Fault["effect"][] = ["bad-salt", "clock", "forget-key"];

/**
 * Does a call as its fault has it.
 * @param fault the one that is due for this call, if any
 * @param work does the call
 * @returns what the handler answers
 * @throws what `work` throws, where there is no fault
 */
export async function withFault(
  fault: Fault | undefined,
  work: () => Promise<Reply>,
): Promise<Reply | Disturbance> {
  if (!fault) return work();
  const { delayMs, effect } = fault;
  if (fault.cut === "before") return new Disturbance({ delayMs, cut: "instead" });
  if (UNDONE.includes(effect)) return new Disturbance({ delayMs, effect });
  let reply: Reply | RpcError;
  if (fault.error) reply = new RpcError(...fault.error);
  else reply = await work().catch(refusal);
  if (fault.isLost) return new Disturbance({ delayMs, cut: "instead" });
  if (fault.isSilent) return new Disturbance({ delayMs });
  return new Disturbance({ reply, delayMs, cut: fault.cut, effect });
}

/** @throws the error, unless it is for the client */
function refusal(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  throw error;
}
