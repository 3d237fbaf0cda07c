import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** The hub of a company, by itself. */
export const hubOf = (company: number | undefined) =>
  env.COMPANY_HUB.get(env.COMPANY_HUB.idFromName(String(company)));

/** How many streams a hub serves. */
export const socketsOf = (company: number | undefined): Promise<number> =>
  runInDurableObject(hubOf(company), (_hub, state) => state.getWebSockets().length);
