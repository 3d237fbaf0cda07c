import type { Stores } from "../../platform/d1/database.ts";
import { type QueryTarget, runIn } from "../../platform/d1/object.ts";
import { retrying, runInD1 } from "../../platform/d1/store.ts";
import type { Config } from "../config.ts";
import { homeOf, stubOf } from "./home.ts";

/** Where rows are: in D1, or with STORE=objects those of a company in its Durable Object. */
export function storesOf(env: Env, { STORE }: Config): Stores {
  const main = retrying(runInD1(env.DB));
  if (STORE === "d1") return { main };
  const home = homeOf(env);
  const runOf = (company: number) =>
    home?.company === company ? home.run : retrying(runIn(() => stubOf(env, company) as QueryTarget));
  return { main, ofCompany: runOf };
}
