import { connect } from "cloudflare:sockets";
import { createSocketsTransport, ImapFlow, type Logger, type SocketsConnect } from "imapflow";
import type { Server } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { checkHost } from "../net/hosts.ts";
import { Wire } from "../net/wire.ts";
import type { Credentials } from "../secrets/credentials.ts";
import { toMailError } from "./errors.ts";
import { quirksOf } from "./quirks.ts";

/** A connection to an IMAP server, logged in. */
export type ImapClient = ImapFlow;

/** How long to wait, in milliseconds. An unresponsive server is told from a slow one by the second wait. */
const TIMEOUTS = { connectionTimeout: 20_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/**
 * How much is kept of what a server sends, in bytes. The UIDs of 2,000,000 messages are a line of 16 MB. Attachments are
 * fetched in pieces.
 */
const LIMITS = {
  maxLineLength: 16 << 20,
  maxLiteralSize: 32 << 20,
  maxResponseSize: 48 << 20,
  maxResponseTokens: 300_000,
};

/** For how long a server asks to be left alone, by connection, in milliseconds. */
const throttled = new WeakMap<ImapClient, number>();

/**
 * Connects and logs in.
 * @throws MailError CONNECTION_FAILED, TLS_UNTRUSTED, PROTOCOL_MISMATCH, AUTHENTICATION_FAILED, THROTTLED
 */
export async function openImap(
  env: MailboxEnv,
  server: Server,
  credentials: Credentials,
): Promise<ImapClient> {
  await checkHost(env, server);
  const client = createClient(server, credentials);
  try {
    await client.connect();
    // Asking for MODSEQ enables it (RFC 7162 section 3.1). iCloud leaves it out of its answer to ENABLE.
    if (client.capabilities.has("CONDSTORE")) client.enabled.add("CONDSTORE");
    return client;
  } catch (error) {
    client.close();
    const failure = errorOf(client, error);
    if (failure.code === "CONNECTION_FAILED" && server.encryption === "tls") await tellUntrusted(server);
    throw failure;
  }
}

/** What an error of the library means. @throws errors of our own code as they are */
export const errorOf = (client: ImapClient, error: unknown) =>
  toMailError(error, {
    byeReason: client.byeReason,
    isOpen: client.usable,
    throttledMs: throttled.get(client),
  });

/** Ends the session. It never fails, and waits for the server no longer than a moment. */
export async function closeImap(client: ImapClient): Promise<void> {
  const timer = setTimeout(() => client.close(), 2000);
  await client.logout().catch(() => {});
  clearTimeout(timer);
  client.close();
}

/** The names of what the server can do, sorted. */
export const capabilitiesOf = (client: ImapClient): string[] => [...client.capabilities.keys()].sort();

function createClient({ hostname, port, encryption }: Server, credentials: Credentials): ImapClient {
  const { username } = credentials;
  const client: ImapClient = new ImapFlow({
    host: hostname,
    port,
    secure: encryption === "tls",
    // Security: without TLS where it was asked for, no password is sent.
    ...(encryption === "tls" ? {} : { doSTARTTLS: encryption === "starttls" }),
    auth:
      "password" in credentials
        ? { user: username, pass: credentials.password }
        : { user: username, accessToken: credentials.accessToken },
    clientInfo: { name: "Xabar" },
    qresync: !quirksOf(hostname).isQresyncWrong,
    disableAutoIdle: true,
    // The library's own transport cannot start TLS in workerd.
    transport: createSocketsTransport(connect as SocketsConnect),
    logger: throttleListener((ms) => {
      throttled.set(client, ms);
      // It would wait for as long as the server asks, awake.
      setTimeout(() => client.close());
    }),
    ...TIMEOUTS,
    ...LIMITS,
  });
  // Commands that fail tell it too: what nobody listens to would end the process.
  client.on("error", () => {});
  // Nobody here asks which folders are subscribed to, and LSUB gives folders attributes that they do not have: Courier calls
  // a folder unselectable when only one below it is subscribed to. The library has no option for it.
  Object.assign(client, { skipLsub: true });
  return client;
}

/** A logger that writes nothing: it hears of a server that asks to be left alone, which no event tells. */
function throttleListener(onThrottled: (ms: number) => void): Logger & { isLevelEnabled(): boolean } {
  const silent = () => {};
  return {
    isLevelEnabled: () => false,
    debug: silent,
    info: silent,
    error: silent,
    fatal: silent,
    warn: (entry: { throttleDelay?: number }) => {
      if (entry?.throttleDelay) onThrottled(entry.throttleDelay);
    },
  };
}

/** workerd says the same of a refused connection and of an untrusted certificate: `Wire` tells them apart. */
async function tellUntrusted(server: Server): Promise<void> {
  const wire = await Wire.open(server, 5000).catch((error) => {
    if (error.code === "TLS_UNTRUSTED") throw error;
    return undefined;
  });
  await wire?.close();
}
