import { MailError } from "../errors.ts";
import type { ImapClient } from "../imap/client.ts";

/** The UIDs of a set that the open folder has, in ascending order. @param range of UIDs */
export async function searchUids(client: ImapClient, range: string): Promise<number[]> {
  const found = await client.search({ uid: range }, { uid: true });
  if (!found) throw new MailError("CONNECTION_FAILED", "The mail server did not carry out a search");
  return found.sort((a, b) => a - b);
}

/** A set of UIDs as IMAP writes it: "1:3,7". @param uids in ascending order */
export function rangeOf(uids: number[]): string {
  const ranges: string[] = [];
  for (let first = 0, next = 1; next <= uids.length; next++) {
    if (uids[next] === uids[next - 1]! + 1) continue;
    ranges.push(next - first === 1 ? `${uids[first]}` : `${uids[first]}:${uids[next - 1]}`);
    first = next;
  }
  return ranges.join(",");
}

/** Cuts a list into pieces of this length. */
export const chunksOf = <T>(list: T[], length: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));

/** What is in the first list and not in the second, both in ascending order. */
export function without(uids: number[], others: number[]): number[] {
  let at = 0;
  return uids.filter((uid) => {
    while (at < others.length && others[at]! < uid) at++;
    return others[at] !== uid;
  });
}
