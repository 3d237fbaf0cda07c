/** A recipient whom a mail did not reach. */
export interface FailedRecipient {
  address: string;
  /** The status (RFC 3463) or reply code that the report gives. */
  code: string;
  reason: string;
}

/** The fields of one group of lines, by lower-case name; folded lines are one (RFC 5322 section 2.2.3). */
function fieldsOf(group: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of group.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** `rfc822; a@b` and `smtp; 550 no` without their type. */
const untyped = (field = ""): string => field.slice(field.indexOf(";") + 1).trim();

/**
 * Reads a delivery status (RFC 3464).
 * @returns the recipients that were given up on: none when the mail was only delayed, relayed or delivered
 */
export function failedRecipients(status: string): FailedRecipient[] {
  return status.split(/\r?\n[ \t]*\r?\n/).flatMap((group) => {
    const fields = fieldsOf(group);
    const recipient = fields.get("final-recipient") ?? fields.get("original-recipient");
    if (recipient === undefined || fields.get("action")?.toLowerCase() !== "failed") return [];
    const code = fields.get("status") ?? "";
    return [{ address: untyped(recipient), code, reason: untyped(fields.get("diagnostic-code")) }];
  });
}

/**
 * Reads what a mail system writes for people.
 * @returns the line that names a permanent failure by its code (RFC 3463: 5.x.x, RFC 5321: 5xx); null where none does
 */
export function failureIn(text: string): string | null {
  const line = text
    .split(/\r?\n/)
    .find((each) => /(^|[\s(#:])5(\d\d|\.\d{1,3}\.\d{1,3})([\s)#:;,-]|$)/.test(each));
  return line?.trim().slice(0, 300) ?? null;
}

/** The values of Message-ID fields in headers, or in a text that quotes them, with their angle brackets. */
export const messageIdFields = (text: string): string[] =>
  [...text.matchAll(/^[ \t>]{0,8}Message-ID:\s{0,8}(<[^<>\s]{1,900}>)/gim)].flatMap(([, id]) => id ?? []);

const localPart = (address: string): string => address.split("@")[0]?.toLowerCase() ?? "";

/** True for what only programs write as. */
export const isDaemon = (address: string): boolean =>
  /^(mailer-?daemon|mail-daemon|microsoftexchange[0-9a-f]+)$/.test(localPart(address));

/** True for a sender that mail systems have. */
export const isMailSystem = (address: string): boolean =>
  isDaemon(address) || localPart(address) === "postmaster";
