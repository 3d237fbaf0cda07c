import { type Served, serve } from "../nylas/server.ts";
import { type Account, emptyAccount } from "./account.ts";
import { createApi } from "./api/routes.ts";
import { createFaults } from "./faults.ts";
import { createRuntime, type Runtime } from "./runtime.ts";

/** A stand-in for Cloudflare: its API over HTTP, and the deployed Worker in workerd. */
export interface Cloudflare extends ReturnType<typeof createFaults> {
  account: Account;
  /** The value of CLOUDFLARE_API_BASE_URL. */
  apiUrl: string;
  /** Asks the deployed Worker: see `Runtime`. */
  visit: Runtime["fetch"];
  runtime: Runtime;
  close(): Promise<void>;
}

/** @param options.folder for databases; it should be empty */
export async function startCloudflare(options: { folder: string; account?: Account }): Promise<Cloudflare> {
  const account = options.account ?? emptyAccount();
  const runtime = createRuntime(account, options.folder);
  const api = createApi(account, runtime);
  const faults = createFaults();
  const served: Served = await serve(
    { fetch: (request) => faults.around(request, async (each) => api.fetch(each)), tick: async () => {} },
    { port: 0 },
  );
  return {
    ...faults,
    account,
    apiUrl: `http://127.0.0.1:${served.port}`,
    visit: runtime.fetch,
    runtime,
    close: async () => {
      await Promise.all([served.close(), runtime.stop()]);
    },
  };
}
