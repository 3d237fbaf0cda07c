import { expect } from "vitest";
import type { MessageDetail, Owner } from "../../../src/mailbox/contract.ts";
import { rowsOf } from "../../../src/platform/rows.ts";
import { bindings, mailboxOf } from "../support/mailbox.ts";
import { insideOf } from "../support/quiet.ts";
import type { RealMailbox } from "./servers.ts";

/** A leaf of a mail, as Python reads it. */
interface Leaf {
  part: string;
  type: string;
  filename: string | null;
  /** Of its decoded bytes. */
  sha256: string;
  /** Of the body; null for a file. */
  text: string | null;
}

/** Expects that each message has the texts and the files which Python's parser finds in it. */
export async function expectContents(owner: Owner, mailbox: RealMailbox): Promise<void> {
  const places = await insideOf(owner, (ctx) =>
    rowsOf<{ id: string; path: string; uid: number }>(
      ctx,
      `SELECT p.message_id AS id, f.path, max(p.uid) AS uid
       FROM places p JOIN folders f ON f.id = p.folder_id GROUP BY p.message_id`,
    ),
  );
  expect(places.length).toBeGreaterThan(0);
  for (const { id, path, uid } of places) {
    const leaves = await mailbox.run<Leaf[]>({ do: "parts", folder: path, uid });
    const answer = await mailboxOf(owner).message(owner, id);
    if (!answer.ok) throw new Error(`${path} ${uid}: ${answer.message}`);
    expect(await contentsOf(owner, answer.message), `${path} ${uid}`).toMatchObject(expected(leaves));
  }
}

const expected = (leaves: Leaf[]) => ({
  text: plain(leaves.find(({ type, text }) => text !== null && type === "text/plain")?.text),
  html: plain(leaves.find(({ type, text }) => text !== null && type === "text/html")?.text),
  files: leaves
    .filter(({ text }) => text === null)
    // A file without a name is given one.
    .map(({ part, type, filename, sha256 }) => ({ part, type, sha256, ...(filename ? { filename } : {}) })),
});

async function contentsOf(owner: Owner, { body, bodyHtml, attachments }: MessageDetail) {
  const files = [];
  for (const { id, filename, mimeType } of attachments) {
    const stored = await mailboxOf(owner).file(owner, id);
    if (!stored.ok) throw new Error(`${id}: ${stored.message}`);
    const object = await bindings.ATTACHMENTS.get(stored.file.key);
    const bytes = await object!.arrayBuffer();
    expect(stored.file.size).toBe(bytes.byteLength);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const part = id.split("-").at(-1);
    files.push({ part, type: mimeType, filename, sha256: digest.toHex() });
  }
  return {
    text: body === bodyHtml ? "" : plain(body),
    html: plain(bodyHtml),
    files,
  };
}

/** Without differences in line ends, and in how many end it. */
const plain = (text: string | null | undefined): string => (text ?? "").replaceAll("\r\n", "\n").trimEnd();
