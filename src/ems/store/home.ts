import type { Run } from "../../platform/d1/store.ts";

/** A company's Durable Object, for code that runs inside it. */
export interface Home {
  company: number;
  /** Runs queries on the company's rows. */
  run: Run;
  /** The object itself: see events/hub-client.ts. */
  hub: object;
}

const HOME = Symbol("home");

/** The environment of code that runs inside a company's Durable Object. */
export const inside = (env: Env, home: Home): Env => Object.assign({ ...env }, { [HOME]: home });

/** The Durable Object that this code runs in; undefined in a Worker. */
export const homeOf = (env: Env): Home | undefined => Reflect.get(env, HOME);

/** The stub of a company's Durable Object. */
export const stubOf = ({ COMPANY_HUB }: Env, company: number): object =>
  COMPANY_HUB.get(COMPANY_HUB.idFromName(String(company)));
