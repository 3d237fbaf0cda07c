import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "../mail/net/certificates.ts";
import { isCourierInstalled, startCourier } from "./courier.ts";
import { isCyrusInstalled, startCyrus } from "./cyrus.ts";
import { type Capabilities, isDovecotInstalled, startDovecot } from "./dovecot.ts";
import { isPostfixInstalled, startPostfix } from "./postfix.ts";
import { ownFile, type Running, type Surroundings } from "./surroundings.ts";

/** An IMAP server on localhost. It takes any user, by `PASSWORD`. */
export interface ImapServer {
  name: string;
  /** How a mailbox under test connects. */
  port: number;
  encryption: "none" | "tls" | "starttls";
  /** Without TLS. */
  plainPort: number;
  /** What every name of a folder but INBOX begins with. */
  prefix: string;
  delimiter: string;
}

/** Postfix delivers to the first Dovecot. */
export interface SmtpServer {
  /** Without TLS, with logins. */
  port: number;
  /** Of the Dovecot, without TLS. */
  imapPort: number;
  pop3Port: number;
  /** How many mails it has accepted and not delivered yet. */
  queued(): Promise<number>;
}

export interface MailServers {
  imap: ImapServer[];
  smtp: SmtpServer | null;
  /** Names of what is not installed. */
  missing: string[];
  /** Ends them at once, also while the process exits. */
  stop(): void;
}

const DOVECOTS: { capabilities: Capabilities; encryption: ImapServer["encryption"] }[] = [
  { capabilities: "qresync", encryption: "tls" },
  { capabilities: "condstore", encryption: "starttls" },
  { capabilities: "plain", encryption: "none" },
];

/** Starts those mail servers that are installed: see .ci/mail-servers. They end with the process. */
export async function startMailServers(certificate: Certificate): Promise<MailServers> {
  const folder = mkdtempSync(join(tmpdir(), "xabar-mail-"));
  chmodSync(folder, 0o711);
  const files = {
    certFile: ownFile(join(folder, "cert.pem"), certificate.cert),
    keyFile: ownFile(join(folder, "key.pem"), certificate.key),
  };
  const at = (name: string): Surroundings => ({ folder: join(folder, name), ...files });
  const running: Running[] = [];
  const stop = () => {
    for (const server of running.splice(0).reverse()) server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", stop);
  const started = <Server extends Running>(server: Server): Server => {
    running.push(server);
    return server;
  };
  const servers: MailServers = { imap: [], smtp: null, missing: [], stop };
  try {
    await startAll(servers, started, at);
  } catch (error) {
    stop();
    throw error;
  }
  return servers;
}

async function startAll(
  servers: MailServers,
  started: <Server extends Running>(server: Server) => Server,
  at: (name: string) => Surroundings,
): Promise<void> {
  const slash = { prefix: "", delimiter: "/" };
  if (isDovecotInstalled()) {
    for (const { capabilities, encryption } of DOVECOTS) {
      const name = `dovecot-${capabilities}`;
      const { ports } = started(await startDovecot(at(name), capabilities));
      const port = encryption === "tls" ? ports.imaps : ports.imap;
      servers.imap.push({ name, port, encryption, plainPort: ports.imap, ...slash });
      if (!isPostfixInstalled() || servers.smtp) continue;
      const postfix = started(await startPostfix(at("postfix"), ports));
      const { smtp } = postfix.ports;
      servers.smtp = { port: smtp, imapPort: ports.imap, pop3Port: ports.pop3, queued: postfix.queued };
    }
  } else servers.missing.push("Dovecot");
  if (!isPostfixInstalled()) servers.missing.push("Postfix");
  if (isCourierInstalled()) {
    const { ports } = started(await startCourier(at("courier")));
    const { imap: port } = ports;
    servers.imap.push({
      ...{ name: "courier", port, plainPort: port, encryption: "none" },
      ...{ prefix: "INBOX.", delimiter: "." },
    });
  } else servers.missing.push("Courier");
  if (isCyrusInstalled()) {
    const { ports } = started(await startCyrus(at("cyrus")));
    const { imap: port } = ports;
    servers.imap.push({ name: "cyrus", port, plainPort: port, encryption: "starttls", ...slash });
  } else servers.missing.push("Cyrus");
}
