import type { SecureContext } from "node:tls";
import type { ConnectionRecord, Mailbox } from "../world/mailbox.ts";
import type { World } from "../world/world.ts";
import type { Connection } from "./connection.ts";

/** A client that has connected. */
export interface Client {
  connection: Connection;
  world: World;
  record: ConnectionRecord;
  /** The mailbox that the port is for; on the ports for all of them, null. */
  door: Mailbox | null;
  /** For STARTTLS. */
  secureContext: SecureContext;
}
