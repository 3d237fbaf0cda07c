import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  freePorts,
  ownFile,
  ownFolder,
  RUNNER,
  type Running,
  type Surroundings,
  UNPACKED,
  unpackedEnv,
  waitForPort,
} from "./surroundings.ts";

const ROOT = join(UNPACKED, "cyrus-imapd");
const BIN = join(ROOT, "usr/lib/cyrus/bin");

export interface Cyrus extends Running {
  ports: Record<"imap" | "imaps", number>;
}

export const isCyrusInstalled = (): boolean => existsSync(join(BIN, "master"));

/** Starts Cyrus, which takes any user with any password. */
export async function startCyrus({ folder, certFile, keyFile }: Surroundings): Promise<Cyrus> {
  const ports = await freePorts("imap", "imaps");
  ownFolder(folder);
  const lib = ownFolder(folder, "lib");
  const spool = ownFolder(folder, "spool");
  const run = ownFolder(folder, "run");
  const log = join(folder, "log");
  const imapd = ownFile(
    join(folder, "imapd.conf"),
    `configdirectory: ${lib}
defaultpartition: default
partition-default: ${spool}
cyrus_user: ${RUNNER.name}
cyrus_group: ${RUNNER.group}
altnamespace: yes
virtdomains: userid
defaultdomain: probe.test
unixhierarchysep: yes
allowplaintext: yes
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN LOGIN
autocreate_quota: 0
autocreate_inbox_folders: Sent | Drafts | Junk | Trash | Archive
xlist-sent: Sent
xlist-drafts: Drafts
xlist-junk: Junk
xlist-trash: Trash
xlist-archive: Archive
tls_server_cert: ${certFile}
tls_server_key: ${keyFile}
idlesocket: ${run}/idle
proc_path: ${run}/proc
mboxname_lockpath: ${run}/lock
delete_mode: immediate
expunge_mode: immediate
maxlogins_per_user: 0
skiplist_unsafe: yes
`,
  );
  const service = (name: "imap" | "imaps", options: string) =>
    `${name} cmd="${BIN}/imapd -C ${imapd} ${options}" listen="127.0.0.1:${ports[name]}" prefork=0 maxchild=100`;
  const config = ownFile(
    join(folder, "cyrus.conf"),
    `START {\n recover cmd="${BIN}/ctl_cyrusdb -C ${imapd} -r"\n}
SERVICES {\n ${service("imap", "-U 30")}\n ${service("imaps", "-s -U 30")}\n}
EVENTS {\n}
`,
  );
  const child = spawn(join(BIN, "master"), ["-C", imapd, "-M", config, "-p", join(run, "pid"), "-L", log], {
    uid: RUNNER.uid,
    gid: RUNNER.gid,
    env: unpackedEnv(ROOT),
    stdio: "ignore",
  });
  child.unref();
  await waitForPort(ports.imap, () => (existsSync(log) ? readFileSync(log, "utf8") : "It has no log"));
  return { ports, stop: () => child.kill() };
}
