import type { Certificate } from "../../../dev/mail/net/certificates.ts";
import { type ImapServer, type SmtpServer, startMailServers } from "../../../dev/mail-servers/servers.ts";
import { PASSWORD } from "../../../dev/mail-servers/surroundings.ts";
import { type Command, type SecondClient, startSecondClient } from "./second-client.ts";
import { type Cut, startSmtpProxy } from "./smtp-proxy.ts";

/** Real mail servers, second clients of their mailboxes, and proxies, for tests inside workerd. */
export interface Tier {
  /** As JSON, for a binding. */
  servers: { imap: ImapServer[]; smtp: SmtpServer | null; password: string };
  /**
   * `POST /second-client/<port>/<user>` runs a command of second_client.py, `POST /smtp-proxy` starts a proxy, and
   * `GET /queued` tells how many mails Postfix has not delivered yet. Each answers by `{value}` or `{error}`.
   */
  fetch(request: Request): Promise<Response>;
}

/** @throws Error when CI lacks a server; elsewhere it is told, and its tests are skipped */
export async function startTier(certificate: Certificate): Promise<Tier> {
  const { imap, smtp, missing } = await startMailServers(certificate);
  const told = missing.map((name) => `${name} is not installed`).join(", ");
  if (told && process.env.CI) throw new Error(`${told}: .ci/mail-servers installs it`);
  if (told) console.log(`skipped: ${told}`);
  const secondClient = createSecondClients();
  const ROUTES: Record<string, (path: string[], input: never) => Promise<unknown>> = {
    "second-client": ([port = "", user = ""], command: Command) => secondClient(port, user, command),
    "smtp-proxy": (_, { target, cut }: { target: number; cut: Cut }) => startSmtpProxy(target, cut),
    queued: async () => smtp?.queued(),
  };
  return {
    servers: { imap, smtp, password: PASSWORD },
    fetch: async (request) => {
      const [, route = "", ...path] = new URL(request.url).pathname.split("/").map(decodeURIComponent);
      const input = request.method === "POST" ? await request.json() : undefined;
      const answer = (ROUTES[route] ?? missingRoute)(path, input as never);
      return answer.then(
        (value) => Response.json({ value }),
        (error: Error) => Response.json({ error: error.message }, { status: 500 }),
      );
    },
  };
}

const missingRoute = () => Promise.reject(new Error("There is no such route"));

/** A client of each mailbox is started at its first command. They end with the process. */
function createSecondClients() {
  const clients = new Map<string, Promise<SecondClient>>();
  process.once("exit", () => {
    for (const client of clients.values()) void client.then(({ stop }) => stop());
  });
  return async (port: string, user: string, command: Command) => {
    const name = `${port} ${user}`;
    const client = clients.get(name) ?? startSecondClient(Number(port), user);
    clients.set(name, client);
    return (await client).run(command);
  };
}
