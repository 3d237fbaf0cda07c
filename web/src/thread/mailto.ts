import { openComposer } from "../compose/open.ts";

/** Opens the composer for a `mailto:` address. */
export function writeTo(mailto: string): void {
  const addresses = mailto.replace(/^mailto:/i, "").replace(/\?.*$/s, "");
  const to = addresses.split(",").flatMap((address) => {
    const email = decoded(address).trim();
    return email ? [{ email }] : [];
  });
  openComposer({ kind: "new", to });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
