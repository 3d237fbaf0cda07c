import { toBase64 } from "../../lib/base64.ts";

/** The first and only message of SASL XOAUTH2, as Google and Microsoft define it, for IMAP, POP3 and SMTP. In base64. */
export function xoauth2({ username, accessToken }: { username: string; accessToken: string }): string {
  const message = `user=${username}\x01auth=Bearer ${accessToken}\x01\x01`;
  return toBase64(new TextEncoder().encode(message));
}
