/** What `deploy` gets from the command line and its surroundings. */
export interface DeployOptions {
  /** Only print the plan: read from Cloudflare, and change nothing. */
  isDryRun: boolean;
  /** The environment, and secrets over it. */
  given: Record<string, string | undefined>;
  /** What of it is stored as a secret in any case, if the Worker lacks it: the names in --secrets-file. */
  named: string[];
  /** The engines that are not deployed, by the last word of their names. What needs them answers 503. */
  without: string[];
  /** Where the Worker is reached; undefined for the address that wrangler reports. */
  url: string | undefined;
  print(line: string): void;
  /** Asks the operator; undefined without a terminal. */
  ask: ((question: string) => Promise<string>) | undefined;
  /** For requests to the deployed Worker. */
  fetch: typeof fetch;
  /** How long to wait for the first answer of the Worker. */
  waitSeconds: number;
}

/** Does something, or prints what it would do in a dry run. @returns whether it was done */
export type Change = (text: string, act: () => Promise<unknown>) => Promise<boolean>;

export const changes =
  ({ isDryRun, print }: DeployOptions): Change =>
  async (text, act) => {
    print(`${isDryRun ? "would " : ""}${text}`);
    if (!isDryRun) await act();
    return !isDryRun;
  };
