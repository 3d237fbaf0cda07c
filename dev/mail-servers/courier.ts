import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  ownFile,
  ownFolder,
  PASSWORD,
  RUNNER,
  type Running,
  type Surroundings,
  UNPACKED,
  unpackedEnv,
} from "./surroundings.ts";

const ROOT = join(UNPACKED, "courier-imap");
const IMAPD = join(ROOT, "usr/bin/imapd");
const CAPABILITY = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT SORT QUOTA IDLE";

export interface Courier extends Running {
  ports: { imap: number };
}

export const isCourierInstalled = (): boolean => existsSync(IMAPD);

/**
 * Starts Courier's imapd for every connection, by a login of our own: Courier's needs a daemon at a fixed path, and root.
 * It has neither CONDSTORE nor MOVE, and its folders are below `INBOX.`.
 */
export async function startCourier({ folder }: Surroundings): Promise<Courier> {
  const home = ownFolder(folder);
  // It tells imapd of changes in folders. Without it imapd waits for seconds, and complains.
  const client = `xabar${randomBytes(6).toString("hex")}`;
  const options = { uid: RUNNER.uid, gid: RUNNER.gid, env: { ...unpackedEnv(ROOT), GAM_CLIENT_ID: client } };
  const watcher = spawn(join(ROOT, "usr/libexec/gam_server"), ["--notimeout", client], {
    ...options,
    stdio: "ignore",
  });
  watcher.unref();
  const children = new Set<ChildProcess>();
  const server = createServer((socket) => {
    socket.setNoDelay().unref();
    socket.on("error", () => socket.destroy());
    logIn(socket, (user, tag) => serve(socket, user, tag));
  });

  const serve = (socket: Socket, user: string, tag: string) => {
    const maildir = join(home, user, "Maildir");
    if (!existsSync(maildir)) createMaildir(home, user);
    const env = {
      ...options.env,
      ...{ AUTHENTICATED: user, IMAPLOGINTAG: tag, HOME: join(home, user), PROTOCOL: "IMAP" },
      ...{ IMAP_CAPABILITY: CAPABILITY, IMAP_KEYWORDS: "1", IMAP_USELOCKS: "1" },
      ...{ IMAP_TRASHFOLDERNAME: "Trash", IMAP_MOVE_EXPUNGE_TO_TRASH: "0", IMAP_EMPTYTRASH: "" },
      ...{ TCPREMOTEIP: "127.0.0.1", TCPREMOTEPORT: String(socket.remotePort) },
    };
    // It reads and writes the connection itself. This process closes its own copy.
    const child = spawn(IMAPD, ["Maildir"], {
      ...options,
      cwd: join(home, user),
      env,
      stdio: [socket, socket, "ignore"],
    });
    child.unref();
    children.add(child);
    child.once("exit", () => children.delete(child));
    socket.destroy();
  };

  await once(server.listen(0, "127.0.0.1").unref(), "listening");
  return {
    ports: { imap: (server.address() as AddressInfo).port },
    stop: () => {
      server.close();
      for (const child of children) child.kill();
      watcher.kill();
    },
  };
}

function createMaildir(home: string, user: string): void {
  const maildir = ownFolder(ownFolder(home, user), "Maildir");
  for (const folder of ["", ".Sent", ".Drafts", ".Trash", ".Junk"]) {
    for (const name of ["cur", "new", "tmp"]) ownFolder(ownFolder(maildir, folder), name);
    if (folder) ownFile(join(maildir, folder, "maildirfolder"), "");
  }
}

/** Speaks IMAP until somebody has logged in. */
function logIn(socket: Socket, onLogin: (user: string, tag: string) => void): void {
  socket.write(`* OK [CAPABILITY ${CAPABILITY} AUTH=PLAIN] Ready.\r\n`);
  const lines = createInterface({ input: socket });
  let authenticating: string | null = null;
  lines.on("line", (line) => {
    const [tag = "", command = "", ...rest] = authenticating
      ? [authenticating, "PLAIN", line]
      : line.split(" ");
    const refuse = (why: string) => socket.write(`${tag} NO ${why}\r\n`);
    const admit = (user = "", password = "") => {
      if (password !== PASSWORD) return refuse("Login failed.");
      lines.close();
      onLogin(user, tag);
    };
    const verb = command.toUpperCase();
    authenticating = null;
    if (verb === "CAPABILITY") {
      socket.write(`* CAPABILITY ${CAPABILITY} AUTH=PLAIN\r\n${tag} OK CAPABILITY completed\r\n`);
    } else if (verb === "LOGIN") {
      admit(...rest.map((word) => word.replace(/^"|"$/g, "")));
    } else if (verb === "AUTHENTICATE") {
      authenticating = tag;
      socket.write("+ \r\n");
    } else if (verb === "PLAIN") {
      admit(...Buffer.from(rest.join(" "), "base64").toString().split("\0").slice(1));
    } else if (verb === "LOGOUT") {
      socket.end(`* BYE Bye\r\n${tag} OK LOGOUT completed\r\n`);
    } else {
      socket.write(`${tag} BAD Log in first\r\n`);
    }
  });
}
