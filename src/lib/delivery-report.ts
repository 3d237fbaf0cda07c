/** A recipient that a mail did not reach. */
export interface FailedRecipient {
  address: string;
  /** The status (RFC 3463) or reply code in the report. */
  code: string;
  reason: string;
}

/** Parses a group of header fields, by lower-case name. Folded lines are unfolded (RFC 5322 section 2.2.3). */
function fieldsOf(group: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of group.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** Removes the type from values such as `rfc822; a@b` and `smtp; 550 no`. */
const untyped = (field = ""): string => field.slice(field.indexOf(";") + 1).trim();

/**
 * Parses a delivery status (RFC 3464).
 * @returns the recipients with a permanent failure; none if the mail was only delayed, relayed or delivered
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
 * Searches a mail system's message to people.
 * @returns the first line with the code of a permanent failure (RFC 3463: 5.x.x, RFC 5321: 5xx), or null
 */
export function failureIn(text: string): string | null {
  const line = text
    .split(/\r?\n/)
    .find((each) => /(^|[\s(#:])5(\d\d|\.\d{1,3}\.\d{1,3})([\s)#:;,-]|$)/.test(each));
  return line?.trim().slice(0, 300) ?? null;
}

/** Extracts the values of Message-ID fields, with angle brackets, from headers or a text that quotes them. */
export const messageIdFields = (text: string): string[] =>
  [...text.matchAll(/^[ \t>]{0,8}Message-ID:\s{0,8}(<[^<>\s]{1,900}>)/gim)].flatMap(([, id]) => id ?? []);

const localPart = (address: string): string => address.split("@")[0]?.toLowerCase() ?? "";

/** True for a sender address that only programs use. */
export const isDaemon = (address: string): boolean =>
  /^(mailer-?daemon|mail-daemon|microsoftexchange[0-9a-f]+)$/.test(localPart(address));

/** True for a sender address of a mail system. */
export const isMailSystem = (address: string): boolean =>
  isDaemon(address) || localPart(address) === "postmaster";
