import type { Config } from "./config.ts";
import type { Connector } from "./provider/connector.ts";
import { nylas } from "./provider/nylas/client.ts";
import { type MailProvider, ProviderError } from "./provider/port.ts";

/** By the mark that a grant id begins with, as in `mark:id`. A grant id without one belongs to the first. */
const CONNECTORS: Record<string, Connector<Config>> = { nylas };

const [DEFAULT = ""] = Object.keys(CONNECTORS);

/** Chooses the provider of an account by its grant. */
export type ProviderOf = (account: { grant_id: string | null }) => MailProvider;

/**
 * Connects the providers of this installation, each on its first use.
 * @returns gives an account's provider; throws ProviderError `grant_dead` where that is not installed
 */
export function connectProviders(config: Config): ProviderOf {
  const connected = new Map<string, MailProvider>();
  return ({ grant_id }) => {
    const mark = /^([a-z]+):/.exec(grant_id ?? "")?.[1] ?? DEFAULT;
    const connector = Object.hasOwn(CONNECTORS, mark) ? CONNECTORS[mark] : undefined;
    if (!connector) throw new ProviderError("grant_dead", `the connector ${mark} is not installed`, null);
    const provider = connected.get(mark) ?? connector.connect(config);
    connected.set(mark, provider);
    return provider;
  };
}

/** Reads a push of the one provider that has a webhook: see `Connector`. */
export const { readPush } = nylas;

/** Seconds after which a send has ended, whichever provider it went to. */
export const LONGEST_SEND_SECONDS = Math.max(
  ...Object.values(CONNECTORS).map(({ sendSeconds }) => sendSeconds),
);
