import * as z from "zod/mini";
import { unauthenticated } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";
import { verifyToken } from "../platform/auth/token.ts";
import type { Config } from "./config.ts";

const Claims = lazy(() => z.looseObject({ role: z.string() }));

/** Claims of tokens for the EMS and for the Email Service API. */
const OF_OTHERS = ["companies", "user_id", "userId", "tenant_id", "tenantId"];

/**
 * Verifies an operator's token. Security: an administrator of one company or tenant is no operator, so the tokens of other
 * modules are refused whatever their role.
 * @returns the role
 * @throws ServiceError as `verifyToken`
 */
export async function verifyOperator(token: string, config: Config): Promise<string> {
  const claims = await verifyToken(token, config, Claims);
  if (OF_OTHERS.some((name) => name in claims)) throw unauthenticated("The token is of another module");
  return claims.role;
}
