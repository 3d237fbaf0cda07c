/** The bindings of the script `xabar-mailbox`: see wrangler.toml. */
export interface MailboxEnv {
  ATTACHMENTS: R2Bucket;
  MAIL: Queue;
  /** JSON: `[{id, key}]`, with keys of 32 bytes in base64. The first one seals, all of them open. */
  MAIL_KEYS?: string;
  /** JSON: the operator's OAuth clients, `{google: {id, secret}, microsoft: {id, secret}}`. */
  MAIL_OAUTH?: string;
  /** The base URL of a database of mail servers, by default Thunderbird's; `none` for none. It is asked for domains. */
  DISCOVERY_URL?: string;
  /** Ports of mail servers besides the usual ones, with commas. 25 stays closed. */
  MAIL_PORTS?: string;
  /** A resolver with Cloudflare's JSON API; empty for Cloudflare's own. */
  DNS_URL?: string;
  /** Hosts that are allowed though they are not public, as `host:port` or `host:*`, with commas. Of local runs only. */
  MAIL_LOCAL_HOSTS?: string;
}
