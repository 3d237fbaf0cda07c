import type { Address } from "../store/mail.ts";

/** Encodes a header value as an RFC 2047 encoded word, unless it is ASCII. */
export function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** Addresses as a header value: `"Name" <address>` or `address`. */
export function addressHeader(addresses: Address[]): string {
  const written = addresses.map(({ email, name }) =>
    name ? `${/[^\x20-\x7e]/.test(name) ? encodedWord(name) : JSON.stringify(name)} <${email}>` : email,
  );
  return written.join(", ");
}
