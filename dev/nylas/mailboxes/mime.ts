import type { Address } from "../store/mail.ts";

/** A header value that has to be ASCII on the wire, as an RFC 2047 encoded word where it is not. */
export function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** Addresses as a header value, `"Name" <address>` or the bare address. */
export function addressHeader(addresses: Address[]): string {
  const written = addresses.map(({ email, name }) =>
    name ? `${/[^\x20-\x7e]/.test(name) ? encodedWord(name) : JSON.stringify(name)} <${email}>` : email,
  );
  return written.join(", ");
}
