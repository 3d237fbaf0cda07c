/**
 * All ids and random choices come from one seeded generator. Its state is a single number, so a snapshot resumes the
 * same sequence.
 */

export const PROVIDERS = ["google", "microsoft", "icloud", "yahoo", "imap", "ews"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The protocol behind a provider, which decides what ids and folders look like. */
export const protocolOf = (provider: Provider): "google" | "microsoft" | "imap" =>
  (({ icloud: "imap", yahoo: "imap", ews: "microsoft" }) as const)[provider as "ews"] ?? provider;

export interface RandomState {
  random: number;
}

const HEX = "0123456789abcdef";
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The next number in [0, 1), by mulberry32. */
export function random(state: RandomState): number {
  state.random = (state.random + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state.random ^ (state.random >>> 15), 1 | state.random);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** A number in [low, high). */
export function between(state: RandomState, low: number, high: number): number {
  return low + random(state) * (high - low);
}

function characters(state: RandomState, alphabet: string, length: number): string {
  let drawn = "";
  while (drawn.length < length) drawn += alphabet[Math.floor(random(state) * alphabet.length)];
  return drawn;
}

/** A version 4 UUID. */
export function uuid(state: RandomState): string {
  const digits = characters(state, HEX, 32);
  const groups = [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`];
  return [...groups, `a${digits.slice(17, 20)}`, digits.slice(20)].join("-");
}

/** Nylas: notification ids have 26 characters and are not UUIDs. */
export function notificationId(state: RandomState): string {
  return characters(state, ALPHANUMERIC, 26);
}

/** Nylas: 20 URL-safe characters. */
export function webhookSecret(state: RandomState): string {
  return characters(state, `${ALPHANUMERIC}-_`, 20);
}

/** The id of a message or attachment. Microsoft ids contain `/`, `+` and `=`, so clients must encode them in paths. */
export function objectId(state: RandomState, provider: Provider): string {
  if (protocolOf(provider) === "google") return characters(state, HEX, 16);
  if (protocolOf(provider) === "imap") return characters(state, HEX, 40);
  const parts = [characters(state, ALPHANUMERIC, 44), characters(state, ALPHANUMERIC, 24)];
  return `AAMk${parts[0]}/${parts[1]}+${characters(state, ALPHANUMERIC, 12)}=`;
}

/** An opaque OAuth code or token. */
export function opaqueToken(state: RandomState): string {
  return characters(state, `${ALPHANUMERIC}-_`, 43);
}

/** The value of a Message-ID header, with angle brackets. */
export function messageIdHeader(state: RandomState, domain: string): string {
  return `<${characters(state, ALPHANUMERIC, 32)}@${domain}>`;
}
