import type { Config } from "./config.ts";
import type { Connector } from "./provider/connector.ts";
import { nylas } from "./provider/nylas/client.ts";
import { type MailProvider, ProviderError } from "./provider/port.ts";

/** Connectors by the prefix of a grant id, as in `mark:id`. A grant id without a prefix belongs to the first. */
const CONNECTORS: Record<string, Connector<Config>> = { nylas };

const [DEFAULT = ""] = Object.keys(CONNECTORS);

/** Returns the provider of an account, by its grant. */
export type ProviderOf = (account: { grant_id: string | null }) => MailProvider;

/**
 * Connects each provider of this installation on its first use.
 * @returns a function that returns an account's provider, or throws ProviderError grant_dead when that provider is
 *   not installed
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

/** Reads a push of the one provider with a webhook: see `Connector`. */
export const { readPush } = nylas;

/** Seconds after which a send has ended, at any provider. */
export const LONGEST_SEND_SECONDS = Math.max(
  ...Object.values(CONNECTORS).map(({ sendSeconds }) => sendSeconds),
);
