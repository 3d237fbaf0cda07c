import { createServer } from "node:net";
import { parseArgs } from "node:util";
import type { TelegramPorts } from "./telegram/local.ts";

/** Ports and folders of `npm run dev`. */
export interface DevOptions {
  port: number;
  nylasPort: number;
  smtpPort: number;
  /** Of the demo's mailboxes. */
  mailPorts: { imaps: number; pop3s: number; smtps: number };
  /** Of the stand-in for Telegram. */
  telegramPorts: TelegramPorts;
  /** Folder for local D1, R2 and queues, the snapshot of the stand-in, logs and sent messages. */
  state: string;
  /** Delete that folder first. */
  fresh: boolean;
}

/**
 * Reads the command line of `npm run dev`.
 * @throws Error with a message for the developer
 */
export function readOptions(args: string[]): DevOptions {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "8787" },
      "nylas-port": { type: "string", default: "8788" },
      "smtp-port": { type: "string", default: "2525" },
      "imaps-port": { type: "string", default: "1993" },
      "pop3s-port": { type: "string", default: "1995" },
      "smtps-port": { type: "string", default: "1465" },
      "telegram-port": { type: "string", default: "8789" },
      "telegram-dc2-port": { type: "string", default: "8442" },
      "telegram-dc4-port": { type: "string", default: "8444" },
      state: { type: "string", default: ".wrangler/state" },
      fresh: { type: "boolean", default: false },
    },
  });
  return {
    port: portOf("port", values.port),
    nylasPort: portOf("nylas-port", values["nylas-port"]),
    smtpPort: portOf("smtp-port", values["smtp-port"]),
    mailPorts: {
      imaps: portOf("imaps-port", values["imaps-port"]),
      pop3s: portOf("pop3s-port", values["pop3s-port"]),
      smtps: portOf("smtps-port", values["smtps-port"]),
    },
    telegramPorts: {
      page: portOf("telegram-port", values["telegram-port"]),
      dc2: portOf("telegram-dc2-port", values["telegram-dc2-port"]),
      dc4: portOf("telegram-dc4-port", values["telegram-dc4-port"]),
    },
    state: values.state,
    fresh: values.fresh,
  };
}

function portOf(name: string, value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--${name} must be a port from 1 to 65535, not "${value}"`);
  }
  return port;
}

/**
 * Checks that our ports are free. Otherwise another Worker could be mistaken for ours.
 * @throws Error with the port and the option that changes it
 */
export async function requireFreePorts(options: DevOptions): Promise<void> {
  const { port, nylasPort, smtpPort } = options;
  const { imaps, pop3s, smtps } = options.mailPorts;
  const { page, dc2, dc4 } = options.telegramPorts;
  const ports = {
    ...{ port, "nylas-port": nylasPort, "smtp-port": smtpPort },
    ...{ "imaps-port": imaps, "pop3s-port": pop3s, "smtps-port": smtps },
    ...{ "telegram-port": page, "telegram-dc2-port": dc2, "telegram-dc4-port": dc4 },
  };
  for (const [option, number] of Object.entries(ports)) {
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once("error", () => resolve(false)).listen(number, "127.0.0.1", () => resolve(true));
    });
    if (!isFree)
      throw new Error(`Port ${number} is in use: stop what listens there, or give another with --${option}`);
    await new Promise((resolve) => server.close(resolve));
  }
}
