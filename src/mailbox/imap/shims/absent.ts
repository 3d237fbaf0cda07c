// In place of packages that imapflow imports and a mailbox never uses: a logger of its own, and proxies.

/** Of socks. */
export const SocksClient = {};

/** Of pino. @throws Error always: a mailbox gives imapflow its own logger */
export default function pino(): never {
  throw new Error("imapflow was given no logger");
}
