import { env } from "cloudflare:workers";
import type { Encryption, MailboxSettings, Server } from "../../../src/mailbox/contract.ts";
import { settingsOf } from "./mailbox.ts";

// Mailboxes on the stand-in for mail servers (dev/mail), as another client or their server's operator sees them.

/** By protocol; those with an s speak TLS from the start. */
export type Ports = Record<"imap" | "imaps" | "pop3" | "pop3s" | "smtp" | "smtps", number>;

/** Of the servers with all mailboxes, and of those with certificates that nobody may accept. */
export const ports = (env as unknown as { TEST_MAIL: Record<"trusted" | "untrusted" | "wrongName", Ports> })
  .TEST_MAIL;

/** See dev/mail/world/profile.ts. */
export interface Profile {
  sync?: "qresync" | "condstore" | "none";
  lacks?: string[];
  keywords?: boolean;
  objectIds?: boolean;
  gmail?: boolean;
  delimiter?: "/" | ".";
  prefix?: string;
  folders?: Record<string, string>;
  window?: number | null;
  filesSentAfter?: number | null;
  sizeLimit?: number;
  maxConnections?: number;
  packetSize?: number | null;
}

/** See dev/mail/world/faults.ts. */
export interface Fault {
  protocol: "imap" | "pop3" | "smtp";
  /** CONNECT, LOGIN, or a command such as UID FETCH or RCPT; in SMTP a dot is the end of a mail. */
  on: string;
  skip?: number;
  /** 0 for always. */
  times?: number;
  delayMs?: number;
  before?: string[];
  /** In place of doing the command. */
  answer?: string;
  /** Done, but without an answer. */
  isLost?: boolean;
  omit?: string[];
  /** In what is sent meanwhile: regular expressions. */
  replace?: { pattern: string; by: string }[];
  after?: string[];
  cutAfter?: number;
  finally?: "close" | "hang" | "flood";
}

export interface FolderState {
  path: string;
  specialUse: string | null;
  uidValidity: number;
  uidNext: number;
  modseq: number;
  mails: { uid: number; flags: string[]; receivedAt: number; size: number }[];
}

export interface ConnectionState {
  protocol: Fault["protocol"];
  isOpen: boolean;
  isSecure: boolean;
  commands: string[];
  received: number;
  sent: number;
}

export type MailServer = Awaited<ReturnType<typeof createMailbox>>;

/**
 * Makes a mailbox that no other test has.
 * @param options.hasOwnPorts lets its faults begin before anybody has signed in
 */
export async function createMailbox(
  options: { address?: string; password?: string; profile?: Profile; hasOwnPorts?: boolean } = {},
) {
  const made = await call<{ address: string; password: string; ports: Ports }>("mailboxes", options);
  const act = <T = object>(action: string, input: object): Promise<T> =>
    call<T>(`mailboxes/${encodeURIComponent(made.address)}/${action}`, input);
  const state = () =>
    call<{ folders: FolderState[]; connections: ConnectionState[] }>(
      `mailboxes/${encodeURIComponent(made.address)}`,
    );

  return {
    ...made,

    /** A server of it, as settings name it. */
    server(protocol: Fault["protocol"], encryption: Encryption = "none"): Server {
      const port = made.ports[encryption === "tls" ? (`${protocol}s` as const) : protocol];
      return { hostname: "localhost", port, encryption };
    },

    /** Settings of an account for it, with any changes. */
    settings(changes: Partial<MailboxSettings> = {}): MailboxSettings {
      const username = made.address;
      return {
        ...settingsOf({ port: made.ports.imap }),
        emailAddress: made.address,
        incoming: { ...this.server(changes.protocol ?? "imap"), username },
        smtp: { ...this.server("smtp"), username },
        ...changes,
      };
    },

    /** Puts mails into a folder. Line ends become CRLF. @returns their UIDs */
    async deliver(
      mails: string | (string | { raw: string | Uint8Array; flags?: string[]; receivedAt?: number })[],
      folder = "INBOX",
    ): Promise<number[]> {
      const each = [mails].flat().map((mail) => (typeof mail === "string" ? { raw: mail } : mail));
      const { uids } = await act<{ uids: number[] }>("deliver", {
        folder,
        mails: each.map((mail) => ({ ...mail, raw: base64(mail.raw) })),
      });
      return uids;
    },

    /** Adds and removes flags. */
    flag: (uids: number[], change: { add?: string[]; remove?: string[] }, folder = "INBOX") =>
      act("flag", { folder, uids, ...change }),
    /** @returns the UIDs in the other folder */
    move: async (uids: number[], to: string, folder = "INBOX") =>
      (await act<{ uids: number[] }>("move", { folder, uids, to })).uids,
    copy: async (uids: number[], to: string, folder = "INBOX") =>
      (await act<{ uids: number[] }>("copy", { folder, uids, to })).uids,
    expunge: (uids: number[], folder = "INBOX") => act("expunge", { folder, uids }),
    /** Gives a folder a new UIDVALIDITY, and its messages new UIDs. */
    renumber: (folder = "INBOX") => act("renumber", { folder }),
    /** Makes the server tell numbers that are not true. */
    setNumbers: (numbers: { uidValidity?: number; uidNext?: number; modseq?: number }, folder = "INBOX") =>
      act("folder-numbers", { folder, ...numbers }),
    createFolder: (path: string, state: { specialUse?: string; isSubscribed?: boolean } = {}) =>
      act("create-folder", { path, ...state }),
    renameFolder: (from: string, to: string) => act("rename-folder", { from, to }),
    deleteFolder: (path: string) => act("delete-folder", { path }),
    /** Changes what kind of server it is on, for connections to come. */
    setProfile: (profile: Profile) => act("profile", profile),
    setAccess: (access: { password?: string; isEnabled?: boolean; accessTokens?: string[] }) =>
      act("access", access),
    plan: (fault: Fault) => act("fault", fault),
    clearFaults: () => act("clear-faults", {}),
    /** Cuts the connections of all clients. */
    disconnect: () => act("disconnect", {}),

    /** @throws Error if there is no such folder */
    async folder(path = "INBOX"): Promise<FolderState> {
      const folder = (await state()).folders.find((each) => each.path === path);
      if (!folder) throw new Error(`There is no folder ${path}`);
      return folder;
    },
    folders: async () => (await state()).folders,
    /** All connections since the start, in their order, with the commands that came. */
    connections: async () => (await state()).connections,
    /** The bytes of a message. */
    async raw(uid: number, folder = "INBOX"): Promise<Uint8Array> {
      const query = new URLSearchParams({ folder, uid: String(uid) });
      const response = await fetch(`${CONTROL}/mailboxes/${encodeURIComponent(made.address)}/raw?${query}`);
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

const CONTROL = "https://mail-control.test";

async function call<T>(path: string, input?: object): Promise<T> {
  const response = await fetch(
    `${CONTROL}/${path}`,
    input && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    },
  );
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const base64 = (raw: string | Uint8Array): string =>
  (typeof raw === "string" ? new TextEncoder().encode(raw) : raw).toBase64();
