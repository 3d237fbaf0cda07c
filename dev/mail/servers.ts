import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer } from "node:tls";
import { serveImap } from "./imap/server.ts";
import type { Certificate } from "./net/certificates.ts";
import type { Client } from "./net/client.ts";
import { Connection, Disconnected } from "./net/connection.ts";
import { servePop3 } from "./pop3/server.ts";
import { serveSmtp } from "./smtp/server.ts";
import type { ConnectionRecord, Mailbox } from "./world/mailbox.ts";
import type { World } from "./world/world.ts";

const ANY: Ports = { imap: 0, imaps: 0, pop3: 0, pop3s: 0, smtp: 0, smtps: 0 };

const PROTOCOLS = { imap: serveImap, pop3: servePop3, smtp: serveSmtp };

/** Of the servers. Those with an s speak TLS from the start, the others offer to switch to it. */
export type Ports = Record<"imap" | "imaps" | "pop3" | "pop3s" | "smtp" | "smtps", number>;

export interface MailServers {
  ports: Ports;
  /** Lets a mailbox behave as its faults have it from the first byte on; null: the servers are for all mailboxes. */
  mailbox: Mailbox | null;
  /** Disconnects all clients. */
  close(): Promise<void>;
}

export interface ServerOptions {
  world: World;
  certificate: Certificate;
  host?: string;
  /** Which servers to start, and where. Default: all of them, on free ports. */
  ports?: Partial<Ports>;
  /** Lets the process end while they run. */
  isBackground?: boolean;
  /** Receives what goes wrong in a server, which should be nothing. */
  onError?: (error: unknown) => void;
}

/** Serves all mailboxes of a world by IMAP, POP3 and SMTP. @throws if a port is not available */
export async function startMailServers(options: ServerOptions): Promise<MailServers> {
  const {
    certificate,
    host = "127.0.0.1",
    ports = ANY,
    isBackground = false,
    onError = console.error,
  } = options;
  const secureContext = createSecureContext(certificate);
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const running: MailServers = {
    ports: {} as Ports,
    mailbox: null,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
  for (const protocol of ["imap", "pop3", "smtp"] as const) {
    const accept = (socket: Socket) => {
      sockets.add(socket);
      if (isBackground) socket.unref();
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => {});
      void serve(socket, protocol, { world: options.world, door: running.mailbox, secureContext }).catch(
        onError,
      );
    };
    const starts: [keyof Ports, () => Server][] = [
      [protocol, () => createServer(accept)],
      [`${protocol}s`, () => createTlsServer({ ...certificate }, accept)],
    ];
    for (const [name, create] of starts) {
      const port = ports[name];
      if (port === undefined) continue;
      const server = create();
      servers.push(server);
      if (isBackground) server.unref();
      running.ports[name] = await listen(server, port, host);
    }
  }
  return running;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

async function serve(
  socket: Socket,
  protocol: ConnectionRecord["protocol"],
  { world, door, secureContext }: Pick<Client, "world" | "door" | "secureContext">,
): Promise<void> {
  const connection = new Connection(socket);
  const record: ConnectionRecord = {
    protocol,
    isOpen: true,
    isSecure: connection.isSecure,
    commands: [],
    get received() {
      return connection.received;
    },
    get sent() {
      return connection.sent;
    },
    cut: () => connection.close(),
  };
  door?.connections.push(record);
  try {
    await PROTOCOLS[protocol]({ connection, world, record, door, secureContext });
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error;
  } finally {
    record.isOpen = false;
    connection.close();
  }
}
