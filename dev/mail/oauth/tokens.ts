import { randomBytes } from "node:crypto";

export type Provider = "google" | "microsoft";

export interface Consent {
  provider: Provider;
  clientId: string;
  address: string;
}

interface Code extends Consent {
  redirectUri: string;
  challenge: string;
  expiresAt: number;
}

/** RFC 6749 section 4.1.2: at most ten minutes. */
const CODE_MS = 600_000;

const token = (prefix: string): string => `${prefix}_${randomBytes(24).toString("base64url")}`;

/** The codes and tokens that the authorization server has given out. */
export class Tokens {
  readonly #codes = new Map<string, Code>();
  readonly #refresh = new Map<string, Consent>();
  readonly #access = new Map<string, { address: string; expiresAt: number }>();
  /** Of access tokens, in seconds. */
  lifetime = 3600;

  addCode(code: Omit<Code, "expiresAt">): string {
    const name = token("code");
    this.#codes.set(name, { ...code, expiresAt: Date.now() + CODE_MS });
    return name;
  }

  /** The consent behind a code, which then is used up, even where something else of the exchange is wrong. */
  takeCode(name: string): Code | undefined {
    const code = this.#codes.get(name);
    this.#codes.delete(name);
    return code && code.expiresAt > Date.now() ? code : undefined;
  }

  addRefresh(consent: Consent): string {
    const name = token("refresh");
    this.#refresh.set(name, consent);
    return name;
  }

  consentOf(refresh: string): Consent | undefined {
    return this.#refresh.get(refresh);
  }

  /** Microsoft gives a new refresh token with each use. Here the old one ends at once. */
  rotate(refresh: string): string | undefined {
    const consent = this.#refresh.get(refresh);
    if (consent?.provider !== "microsoft") return undefined;
    this.#refresh.delete(refresh);
    return this.addRefresh(consent);
  }

  /** @param address of the mailbox; `*` for all of an organisation */
  addAccess(address: string): { name: string; seconds: number } {
    const name = token("access");
    this.#access.set(name, { address, expiresAt: Date.now() + this.lifetime * 1000 });
    return { name, seconds: this.lifetime };
  }

  /** Whether a mail server may let this token into a mailbox. */
  isValid(access: string, address: string): boolean {
    const found = this.#access.get(access);
    return found !== undefined && found.expiresAt > Date.now() && ["*", address].includes(found.address);
  }

  /** Takes a consent back. @param what refresh tokens, or access tokens as well */
  revoke(address: string, what: "refresh" | "all"): void {
    for (const [name, consent] of this.#refresh) if (consent.address === address) this.#refresh.delete(name);
    if (what === "refresh") return;
    for (const [name, access] of this.#access) if (access.address === address) this.#access.delete(name);
  }
}
