import type { Ctx } from "../../context.ts";
import type { MessageLog } from "./log.ts";
import type { Pace } from "./pace.ts";
import type { People } from "./people.ts";
import type { Reads } from "./reads.ts";
import type { Sockets } from "./sockets.ts";

/** A room in its Object. */
export interface Room {
  id: string;
  ctx: Ctx;
  storage: DurableObjectStorage;
  /** Of two people. */
  isPrivate: boolean;
  log: MessageLog;
  reads: Reads;
  people: People;
  sockets: Sockets;
  pace: Pace;
  /** Grows before and after the database forgets listeners: what it said meanwhile does not count. */
  forgets: number;
}
