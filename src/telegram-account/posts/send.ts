import type { AccountContext } from "../context.ts";
import type { Post } from "../contract.ts";

/** Posts into a group, at most once per random id. @throws Refused with a SendCode */
export async function send(_account: AccountContext, _post: Post): Promise<{ messageId: number | null }> {
  throw new Error("FRAME");
}
