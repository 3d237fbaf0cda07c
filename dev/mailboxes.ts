import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { companies } from "./demo/data.ts";
import { demoMail } from "./demo.ts";
import { saveEml, toEml } from "./eml.ts";
import { createCertificates } from "./mail/net/certificates.ts";
import { createOAuth } from "./mail/oauth/server.ts";
import { type Ports, startMailServers } from "./mail/servers.ts";
import { restore, takeSnapshot, type WorldSnapshot } from "./mail/world/snapshot.ts";
import { deliver, World } from "./mail/world/world.ts";
import { serve } from "./nylas/server.ts";
import { recipientsOf, type SignedMail } from "./nylas/sim.ts";

/** Of all demo mailboxes on the stand-in. */
export const PASSWORD = "demo-password";

const OAUTH_CLIENT = { id: "local-client", secret: "local-client-secret" };

const DEMO_ADDRESSES = companies.flatMap(({ mailboxes }) => mailboxes.map(({ email }) => email));

export interface DemoMailboxes {
  /** What the script of the mailboxes needs, in order to reach them. */
  vars: Record<string, string>;
  /** The file with the authority of their certificate. */
  ca: string;
  /** Delivers a mail to those of its recipients that have a mailbox. */
  receive(raw: Uint8Array, to: string[]): void;
  /** Whether an address has a mailbox. */
  has(address: string): boolean;
  /** Keeps their state for the next start. */
  close(): Promise<void>;
}

/**
 * Serves the mailboxes of the demo companies by IMAP, POP3 and SMTP: with the mails of the demo, or as they were left. Beside
 * them it stands in for Google and Microsoft, whose consent pages open the same mailboxes.
 * @param options.onSent is told where a mail to somebody else was kept
 * @throws if a port is not available
 */
export async function startDemoMailboxes(options: {
  state: string;
  sentFolder: string;
  ports: Pick<Ports, "imaps" | "pop3s" | "smtps">;
  onSent: (to: string[], path: string) => void;
}): Promise<DemoMailboxes> {
  const { state, sentFolder, ports, onSent } = options;
  const memory = join(state, "mailboxes.json");
  const oauth = createOAuth({ clients: [OAUTH_CLIENT], addresses: DEMO_ADDRESSES });
  const world = new World({
    isToken: oauth.isValid,
    onOutgoing: (raw, { to }) => void saveEml(sentFolder, raw, to[0] ?? "").then((path) => onSent(to, path)),
  });
  if (existsSync(memory)) recall(world, JSON.parse(readFileSync(memory, "utf8")));
  else await fill(world, demoMail(Date.now()));

  const certificates = await createCertificates();
  const ca = join(state, "mail-authority.pem");
  writeFileSync(ca, certificates.ca);
  const servers = await startMailServers({ world, certificate: certificates.trusted, ports });
  const provider = await serve({ fetch: oauth.fetch, tick: async () => {} }, { port: 0 });
  const remember = (isFinal: boolean) => {
    const kept: Memory = { isFinal, world: takeSnapshot(world) };
    writeFileSync(memory, JSON.stringify(kept));
  };
  remember(false);
  return {
    ca,
    vars: {
      MAIL_KEYS: JSON.stringify([{ id: "local", key: localKey(state) }]),
      MAIL_LOCAL_HOSTS: Object.values(ports)
        .map((port) => `localhost:${port}`)
        .join(","),
      MAIL_OAUTH: JSON.stringify({ google: oauthAt("google"), microsoft: oauthAt("microsoft") }),
    },
    receive(raw, to) {
      for (const address of new Set(to)) {
        const mailbox = world.find(address);
        if (mailbox) deliver(mailbox, mailbox.inbox, { raw });
      }
    },
    has: (address) => world.find(address) !== undefined,
    async close() {
      await Promise.all([servers.close(), provider.close()]);
      remember(true);
    },
  };

  /** The client of a provider's stand-in. Its tokens end with this process. */
  function oauthAt(name: "google" | "microsoft"): object {
    const base = `http://127.0.0.1:${provider.port}/${name}`;
    const endpoints = { authorize: `${base}/authorize`, token: `${base}/token` };
    return { ...OAUTH_CLIENT, endpoints, hosts: ["localhost"] };
  }
}

interface Memory {
  world: WorldSnapshot;
  /** Whether it is of the end of a run. */
  isFinal: boolean;
}

function recall(world: World, memory: Memory): void {
  restore(world, memory.world);
  if (memory.isFinal) return;
  // What came afterwards is lost, and its UIDs must not come to mean other mails.
  for (const { folders } of world.mailboxes.values())
    for (const folder of folders.values()) folder.renumber();
}

/** Each mail goes to INBOX of its recipients, and to Sent of its sender. */
async function fill(world: World, mails: SignedMail[]): Promise<void> {
  for (const { mailboxes } of companies) {
    for (const { email } of mailboxes) world.addMailbox(email, PASSWORD);
  }
  for (const mail of mails) {
    const raw = await toEml(mail);
    const received = { raw, receivedAt: mail.date ?? Date.now(), flags: mail.unread ? [] : ["\\Seen"] };
    for (const { email } of recipientsOf(mail)) {
      const mailbox = world.find(email);
      if (mailbox) deliver(mailbox, mailbox.inbox, received);
    }
    const sender = mail.folder === "SENT" ? world.find(mail.from.email) : undefined;
    if (sender) deliver(sender, sender.folder("Sent"), { ...received, flags: ["\\Seen"] });
  }
}

/** The key that seals the passwords in this state: the same at each start. */
function localKey(state: string): string {
  const file = join(state, "mail-key");
  if (!existsSync(file)) {
    writeFileSync(file, Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"), {
      mode: 0o600,
    });
  }
  return readFileSync(file, "utf8");
}

/** Three commands for a shell: they connect a mailbox, sync it and send from it. */
export function mailboxCommands(at: { url: string; token: string; ports: Pick<Ports, "imaps" | "smtps"> }): {
  connect: string;
  sync: string;
  send: string;
} {
  const [mailbox] = companies.flatMap(({ mailboxes }) => mailboxes);
  const email = mailbox?.email ?? "";
  const post = (path: string) => `curl -s -X POST ${at.url}${path} -H 'Authorization: Bearer ${at.token}'`;
  const json = (body: object) => `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
  const account = {
    ...{ accountName: "Sotuv", emailAddress: email, protocol: "imap" },
    ...{
      hostname: "localhost",
      port: at.ports.imaps,
      encryption: "tls",
      username: email,
      password: PASSWORD,
    },
    ...{ smtpHost: "localhost", smtpPort: at.ports.smtps, smtpEncryption: "tls" },
  };
  const mail = { to: ["mijoz@example.com"], subject: "Salom", body: "Assalomu alaykum!" };
  const ofAccount = JSON.stringify(mail).replace("{", `{"accountId":"'$account'",`);
  return {
    connect: `account=$(${post("/api/accounts")} ${json(account)} | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); echo $account`,
    sync: post("/api/sync/$account"),
    send: `${post("/api/compose/send")} -H 'Content-Type: application/json' -d '${ofAccount}'`,
  };
}
