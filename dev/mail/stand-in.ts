import { createControl } from "./control.ts";
import type { Certificates } from "./net/certificates.ts";
import { type Ports, startMailServers } from "./servers.ts";
import { World, type WorldOptions } from "./world/world.ts";

export interface MailStandIn {
  /** Answers the control API. */
  fetch(request: Request): Promise<Response>;
  /** Of servers for all mailboxes; but for `trusted`, with certificates that a client must refuse. */
  ports: Record<"trusted" | "untrusted" | "wrongName", Ports>;
}

/** Starts mail servers for tests on free ports, with an empty world behind them. They end with the process. */
export async function startMailStandIn(
  certificates: Certificates,
  options: WorldOptions = {},
): Promise<MailStandIn> {
  const world = new World(options);
  const start = (kind: keyof MailStandIn["ports"]) =>
    startMailServers({ world, certificate: certificates[kind], isBackground: true });
  const [open, untrusted, wrongName] = await Promise.all([
    start("trusted"),
    start("untrusted"),
    start("wrongName"),
  ]);
  const control = createControl(world, { ports: open.ports, openDoor: () => start("trusted") });
  return {
    fetch: async (request) => control.fetch(request),
    ports: { trusted: open.ports, untrusted: untrusted.ports, wrongName: wrongName.ports },
  };
}
