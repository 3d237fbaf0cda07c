import type { AccountContext } from "../context.ts";
import type { FoundGroup } from "../contract.ts";

/** All groups that the account may write in. @throws Refused `flood_wait`, `unavailable` */
export async function listGroups(_account: AccountContext): Promise<FoundGroup[]> {
  throw new Error("FRAME");
}
