import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, type Running, type Surroundings, waitForPort } from "./surroundings.ts";

const POSTFIX = "/usr/sbin/postfix";
const ETC = "/etc/postfix";
/** What its own scripts need beside its configuration; `/usr/share` has them where `/etc` does not. */
const SCRIPTS = ["postfix-files", "postfix-script", "post-install"];

const run = promisify(execFile);

export interface Postfix extends Running {
  ports: Record<"smtp" | "submission" | "submissions", number>;
  /** How many mails it has accepted and not delivered yet. */
  queued(): Promise<number>;
}

/** It can only be started by root. */
export const isPostfixInstalled = (): boolean => existsSync(POSTFIX) && process.getuid?.() === 0;

/** The domain that it delivers to Dovecot. Whatever is for elsewhere is accepted and thrown away. */
export const DOMAIN = "probe.test";

/**
 * Starts a Postfix that delivers to a Dovecot, and lets its users send. It refuses recipients named `unknown…`.
 * @param dovecot ports of its LMTP and of its service `auth`
 */
export async function startPostfix(
  { folder, certFile, keyFile }: Surroundings,
  dovecot: { lmtp: number; auth: number },
): Promise<Postfix> {
  const ports = await freePorts("smtp", "submission", "submissions");
  const config = join(folder, "conf");
  for (const name of ["conf", "queue", "data"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of SCRIPTS) copyFileSync(join(ETC, name), join(config, name));
  const log = join(folder, "log");
  writeFileSync(join(config, "dynamicmaps.cf"), "");
  writeFileSync(
    join(config, "recipients"),
    "/^unknown/ 550 5.1.1 No such user\n/^later/ 451 4.2.1 Try later\n",
  );
  writeFileSync(
    join(config, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.${DOMAIN}
mydestination =
mynetworks =
virtual_mailbox_domains = ${DOMAIN}
virtual_transport = lmtp:inet:127.0.0.1:${dovecot.lmtp}
default_transport = discard
relay_transport = discard
local_transport = error:no local
local_recipient_maps =
alias_maps =
alias_database =
maillog_file = ${log}
maillog_file_prefixes = ${folder}
message_size_limit = 41943040
virtual_mailbox_limit = 0
mailbox_size_limit = 0
smtpd_tls_cert_file = ${certFile}
smtpd_tls_key_file = ${keyFile}
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${dovecot.auth}
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:${config}/recipients
smtpd_client_connection_count_limit = 0
smtpd_banner = $myhostname ESMTP
smtputf8_enable = yes
`,
  );
  writeFileSync(
    join(config, "master.cf"),
    `127.0.0.1:${ports.smtp} inet n - n - - smtpd
127.0.0.1:${ports.submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:${ports.submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`,
  );
  const { stdout: id } = await run("id", ["-u", "postfix"]);
  chownSync(join(folder, "data"), Number(id), 0);
  chmodSync(folder, 0o755);
  const told = () => (existsSync(log) ? readFileSync(log, "utf8") : "It has no log");
  // Its path must be absolute: with a relative one it does nothing, and says nothing.
  await run(POSTFIX, ["-c", config, "start"]);
  await waitForPort(ports.submissions, told);
  return {
    ports,
    queued: async () => {
      const { stdout } = await run("/usr/sbin/postqueue", ["-c", config, "-j"]);
      return stdout.split("\n").filter(Boolean).length;
    },
    stop: () => void execFileSync(POSTFIX, ["-c", config, "stop"], { stdio: "ignore" }),
  };
}
