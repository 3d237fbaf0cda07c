import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { mailOf, newMailbox, PASSWORD, runMailServers } from "./running.ts";

// Python's clients share no code with ours, nor with what we use.

const running = runMailServers();
const run = promisify(execFile);
const hasPython = await run("python3", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasPython) console.warn("Skipped: python3 is not installed");

test.skipIf(!hasPython)("Python's imaplib, poplib and smtplib read and change a mailbox", async () => {
  const mailbox = newMailbox(running, {}, [mailOf("one"), mailOf("two")]);
  const folder = mkdtempSync(join(tmpdir(), "xabar-python-"));
  const ca = join(folder, "ca.pem");
  writeFileSync(ca, running.certificates.ca);
  const settings = { user: mailbox.address, password: PASSWORD, ports: running.servers.ports };
  const client = fileURLToPath(new URL("client.py", import.meta.url));
  const { stdout } = await run("python3", [client, ca, JSON.stringify(settings)]);
  rmSync(folder, { recursive: true });
  expect(JSON.parse(stdout)).toEqual({
    folders: [
      '(\\HasNoChildren) "/" "INBOX"',
      '(\\HasNoChildren \\Drafts) "/" "Drafts"',
      '(\\HasNoChildren \\Junk) "/" "Junk"',
      '(\\HasNoChildren \\Sent) "/" "Sent"',
      '(\\HasNoChildren \\Trash) "/" "Trash"',
    ],
    exists: ["2"],
    raw: [mailOf("one"), mailOf("two")],
    found: ["2"],
    below: ['(\\HasNoChildren) "/" "Work/2027"'],
    status: ['"INBOX" (MESSAGES 1 UNSEEN 0)'],
    left: ["1"],
    trash: ["1"],
    refused: {},
    count: 2,
    uidl: 2,
    top: mailOf("one").split("\r\n").slice(0, 5),
    last: ["Subject: three", "", ".a dot", "..", ".", "end"],
  });
  expect(mailbox.folder("Sent").mails).toMatchObject([{ flags: new Set(["\\Seen"]) }]);
  expect(mailbox.inbox.mails.map(({ raw }) => String(raw))).toEqual([
    "Subject: three\r\n\r\n.a dot\r\n..\r\n.\r\nend\r\n",
  ]);
});
