import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** The stub of a company's hub. */
export const hubOf = (company: number | undefined) =>
  env.COMPANY_HUB.get(env.COMPANY_HUB.idFromName(String(company)));

/** The number of streams on a hub. */
export const socketsOf = (company: number | undefined): Promise<number> =>
  runInDurableObject(hubOf(company), (_hub, state) => state.getWebSockets().length);
