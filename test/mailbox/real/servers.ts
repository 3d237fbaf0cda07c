import { env } from "cloudflare:workers";
import { cuid } from "../../../src/lib/cuid.ts";
import type { Encryption, MailboxSettings } from "../../../src/mailbox/contract.ts";
import { settingsOf } from "../support/mailbox.ts";
import { createMailbox, type Profile, ports } from "../support/server.ts";
import type { Naming, Step } from "./script.ts";

interface ImapServer extends Naming {
  name: string;
  port: number;
  encryption: Encryption;
  /** Without TLS. */
  plainPort: number;
}

interface SmtpServer {
  port: number;
  imapPort: number;
  pop3Port: number;
}

/** What is installed on this machine: see dev/mail-servers. */
export const installed: { imap: ImapServer[]; smtp: SmtpServer | null; password: string } = JSON.parse(
  (env as unknown as { TEST_MAIL_SERVERS: string }).TEST_MAIL_SERVERS,
);

/** A mailbox on a server, and a client of it that shares no code with ours. */
export interface RealMailbox extends Naming {
  settings: MailboxSettings;
  password: string;
  /** Runs a command of test/node/mail-servers/second_client.py. @throws Error with what the server has said */
  run<Value>(command: Step): Promise<Value>;
}

/** Makes a mailbox that no other test has. */
export function createRealMailbox(server: ImapServer): RealMailbox {
  const username = `user-${cuid()}@probe.test`;
  const { port, encryption, plainPort, prefix, delimiter } = server;
  return {
    settings: {
      ...settingsOf({ port }),
      emailAddress: username,
      incoming: { hostname: "localhost", port, encryption, username },
    },
    password: installed.password,
    run: (command) => runAs(plainPort, username, command),
    prefix,
    delimiter,
  };
}

/** The same on the stand-in. */
export async function createStandInMailbox(profile: Profile): Promise<RealMailbox> {
  const mailbox = await createMailbox({ profile });
  const { prefix = "", delimiter = "/" } = profile;
  return {
    settings: mailbox.settings(),
    password: mailbox.password,
    run: (command) => runAs(ports.trusted.imap, mailbox.address, command),
    prefix,
    delimiter,
  };
}

/** Runs a command of a client of a mailbox, by user name. */
export const runAs = <Value>(port: number, user: string, command: Step): Promise<Value> =>
  call<Value>(`second-client/${port}/${encodeURIComponent(user)}`, command);

/**
 * Starts a proxy of an SMTP server that cuts its first connection: see test/node/mail-servers/smtp-proxy.ts.
 * @returns its port
 */
export const startSmtpProxy = (target: number, cut: string): Promise<number> =>
  call("smtp-proxy", { target, cut });

/** How many mails Postfix has accepted and not delivered yet. */
export const queued = (): Promise<number> => call("queued");

async function call<Value>(path: string, input?: object): Promise<Value> {
  const response = await fetch(
    `https://mail-servers.test/${path}`,
    input && { method: "POST", body: JSON.stringify(input) },
  );
  const { value, error } = (await response.json()) as { value: Value; error?: string };
  if (error) throw new Error(error);
  return value;
}

/** Whatever a mailbox can be on: each server that is installed, and the stand-in as each kind of server. */
export const everyServer: { name: string; create: () => RealMailbox | Promise<RealMailbox> }[] = [
  ...installed.imap.map((server) => ({ name: server.name, create: () => createRealMailbox(server) })),
  ...standIns(),
];

function standIns() {
  const profiles: Record<string, Profile> = {
    qresync: { sync: "qresync" },
    condstore: { sync: "condstore" },
    plain: { sync: "none", lacks: ["MOVE"], prefix: "INBOX.", delimiter: "." },
  };
  return Object.entries(profiles).map(([name, profile]) => ({
    name: `stand-in-${name}`,
    create: () => createStandInMailbox(profile),
  }));
}
