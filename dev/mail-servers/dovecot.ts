import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  freePorts,
  ownFile,
  ownFolder,
  PASSWORD,
  RUNNER,
  type Running,
  type Surroundings,
  waitForPort,
} from "./surroundings.ts";

const DOVECOT = "/usr/sbin/dovecot";

/** What it says that it can do. Without any, it says all it knows, QRESYNC among it. */
export type Capabilities = "qresync" | "condstore" | "plain";

const MASKS: Record<Capabilities, string> = {
  qresync: "",
  condstore:
    "imap_capability = IMAP4rev1 SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS LITERAL+ MOVE ESEARCH SPECIAL-USE LIST-EXTENDED LIST-STATUS CONDSTORE",
  plain: "imap_capability = IMAP4rev1 SASL-IR ID IDLE NAMESPACE CHILDREN UIDPLUS LITERAL+ MOVE",
};

export interface Dovecot extends Running {
  ports: Record<"imap" | "imaps" | "pop3" | "pop3s" | "lmtp" | "auth", number>;
}

export const isDovecotInstalled = (): boolean =>
  existsSync(DOVECOT) && existsSync("/usr/lib/dovecot/imap") && existsSync("/usr/lib/dovecot/lmtp");

/** Starts a Dovecot that knows every user, by `PASSWORD`. */
export async function startDovecot(
  { folder, certFile, keyFile }: Surroundings,
  capabilities: Capabilities,
): Promise<Dovecot> {
  const ports = await freePorts("imap", "imaps", "pop3", "pop3s", "lmtp", "auth");
  const log = join(folder, "log");
  const specialUse = ["Drafts", "Sent", "Junk", "Trash", "Archive"]
    .map((name) => `mailbox ${name} {\n auto = subscribe\n special_use = \\${name}\n}`)
    .join("\n");
  const listeners = (service: string, plain: string, secure: string, name: "imap" | "pop3") =>
    `service ${service} {
       chroot =
       inet_listener ${plain} {\n port = ${ports[name]}\n }
       inet_listener ${secure} {\n port = ${ports[`${name}s`]}\n ssl = yes\n }
     }`;
  const config = ownFile(
    join(ownFolder(folder), "dovecot.conf"),
    `protocols = imap pop3 lmtp
listen = 127.0.0.1
base_dir = ${join(folder, "run")}
state_dir = ${join(folder, "state")}
log_path = ${log}
default_internal_user = ${RUNNER.name}
default_internal_group = ${RUNNER.group}
default_login_user = ${RUNNER.name}
first_valid_uid = ${Math.min(RUNNER.uid, 500)}
mail_location = maildir:~/Maildir:LAYOUT=fs
mail_fsync = never
mailbox_list_index = yes
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <${certFile}
ssl_key = <${keyFile}
protocol imap {
  mail_max_userip_connections = 100
  ${MASKS[capabilities]}
}
protocol pop3 {
  mail_max_userip_connections = 100
  pop3_no_flag_updates = yes
}
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${RUNNER.uid} gid=${RUNNER.gid} home=${join(folder, "mail")}/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
  ${specialUse}
}
${listeners("imap-login", "imap", "imaps", "imap")}
${listeners("pop3-login", "pop3", "pop3s", "pop3")}
service lmtp {
  inet_listener lmtp {\n port = ${ports.lmtp}\n }
}
service auth {
  inet_listener {\n port = ${ports.auth}\n }
}
service anvil {\n chroot =\n }
service stats {\n chroot =\n }
`,
  );
  const child = spawn(DOVECOT, ["-F", "-c", config], { uid: RUNNER.uid, gid: RUNNER.gid, stdio: "ignore" });
  child.unref();
  const told = () =>
    existsSync(log) ? readFileSync(log, "utf8") : `${DOVECOT} has ended: ${child.exitCode}`;
  await waitForPort(ports.imap, told);
  return { ports, stop: () => child.kill() };
}
