/** Where a server differs from what it says, or from what others do. */
export interface Quirks {
  /** Its VANISHED names messages that are there. */
  isQresyncWrong: boolean;
  /** It shows only this many messages of a folder, the newest: older ones vanish without being deleted. */
  window: number | null;
  /** Its SMTP server puts a copy of each mail into Sent. */
  filesSent: boolean;
}

const ORDINARY: Quirks = { isQresyncWrong: false, window: null, filesSent: false };

const ICLOUD: Quirks = { ...ORDINARY, isQresyncWrong: true };
const FILING: Quirks = { ...ORDINARY, filesSent: true };
/** Its other host, export.imap.mail.yahoo.com, shows all. */
const YAHOO: Quirks = { ...ORDINARY, window: 10_000 };

const BY_HOST: [suffix: string, Quirks][] = [
  ["imap.gmail.com", FILING],
  ["imap.googlemail.com", FILING],
  ["outlook.office365.com", FILING],
  ["imap-mail.outlook.com", FILING],
  ["imap.zoho.com", FILING],
  ["imap.zoho.eu", FILING],
  ["imap.zoho.in", FILING],
  ["imappro.zoho.com", FILING],
  ["imappro.zoho.eu", FILING],
  ["imappro.zoho.in", FILING],
  ["mail.me.com", ICLOUD],
  ["mail.icloud.com", ICLOUD],
  ["export.imap.mail.yahoo.com", ORDINARY],
  ["imap.mail.yahoo.com", YAHOO],
  ["imap.mail.yahoo.co.jp", YAHOO],
  ["imap.aol.com", YAHOO],
  ["imap.ymail.com", YAHOO],
];

/** Capabilities that one provider alone has, under whatever host name. */
const BY_CAPABILITY: [capability: string, Quirks][] = [
  ["XAPPLEPUSHSERVICE", ICLOUD],
  ["XYMHIGHESTMODSEQ", YAHOO],
  ["X-GM-EXT-1", FILING],
];

/** @param capabilities of the server after the login; before it, none */
export function quirksOf(hostname: string, capabilities: Iterable<string> = []): Quirks {
  const host = BY_HOST.find(([suffix]) => hostname === suffix || hostname.endsWith(`.${suffix}`));
  if (host) return host[1];
  const known = new Set(capabilities);
  return BY_CAPABILITY.find(([capability]) => known.has(capability))?.[1] ?? ORDINARY;
}
