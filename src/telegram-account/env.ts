/** The bindings of the script `xabar-telegram`: see wrangler.toml. */
export interface TelegramAccountEnv {
  ATTACHMENTS: R2Bucket;
  /** Of https://my.telegram.org, and its hash. Without them every call is refused as `unavailable`. */
  TELEGRAM_API_ID?: string;
  TELEGRAM_API_HASH?: string;
  /** Seals the sessions: 32 bytes in base64. */
  TELEGRAM_SESSION_KEY?: string;
  /** The key before a rotation: what it sealed is opened, and sealed again by the new one. */
  TELEGRAM_SESSION_KEY_PREVIOUS?: string;
  /** `host:port` of a stand-in for Telegram, in place of Telegram. Only for local runs. */
  TELEGRAM_DC?: string;
  /** The public key of that stand-in, in PEM (PKCS #1). */
  TELEGRAM_DC_KEY?: string;
}
