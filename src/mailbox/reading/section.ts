import type { ImapClient } from "../imap/client.ts";

/**
 * A piece of a section of a message (RFC 9051 section 6.4.5.1): of its header, or of a part. The message stays unread.
 * @param range in bytes
 * @returns undefined if the folder does not have the message; nothing if the message does not have the section
 */
export async function fetchSection(
  client: ImapClient,
  uid: number,
  section: string,
  { start, maxLength }: { start: number; maxLength: number },
): Promise<Uint8Array | undefined> {
  const bodyParts = [{ key: section, start, maxLength }];
  const found = await client.fetchOne(String(uid), { uid: true, bodyParts }, { uid: true });
  if (!found) return undefined;
  return (section === "HEADER" ? found.headers : found.bodyParts?.get(section)) ?? new Uint8Array(0);
}
