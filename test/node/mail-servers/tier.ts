import type { Certificate } from "../../../dev/mail/net/certificates.ts";
import { type ImapServer, type SmtpServer, startMailServers } from "../../../dev/mail-servers/servers.ts";
import { PASSWORD } from "../../../dev/mail-servers/surroundings.ts";
import { type Command, type SecondClient, startSecondClient } from "./second-client.ts";

/** Real mail servers, and second clients of their mailboxes, for tests inside workerd. */
export interface Tier {
  /** As JSON, for a binding. */
  servers: { imap: ImapServer[]; smtp: SmtpServer | null; password: string };
  /** `POST /second-client/<port>/<user>` runs a command of second_client.py. */
  fetch(request: Request): Promise<Response>;
}

/** @throws Error when CI lacks a server; elsewhere it is told, and its tests are skipped */
export async function startTier(certificate: Certificate): Promise<Tier> {
  const { imap, smtp, missing } = await startMailServers(certificate);
  const told = missing.map((name) => `${name} is not installed`).join(", ");
  if (told && process.env.CI) throw new Error(`${told}: .ci/mail-servers installs it`);
  if (told) console.log(`skipped: ${told}`);
  const clients = new Map<string, Promise<SecondClient>>();
  process.once("exit", () => {
    for (const client of clients.values()) void client.then(({ stop }) => stop());
  });
  const clientOf = (path: string) => {
    const [, , port, user] = path.split("/");
    const client = clients.get(path) ?? startSecondClient(Number(port), decodeURIComponent(user ?? ""));
    clients.set(path, client);
    return client;
  };
  return {
    servers: { imap, smtp, password: PASSWORD },
    fetch: async (request) => {
      const client = await clientOf(new URL(request.url).pathname);
      const run = client.run((await request.json()) as Command);
      return run.then(
        (value) => Response.json({ value }),
        (error: Error) => Response.json({ error: error.message }, { status: 500 }),
      );
    },
  };
}
