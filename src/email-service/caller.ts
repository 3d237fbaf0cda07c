import * as z from "zod/mini";
import { invalid, unauthenticated } from "../lib/errors.ts";
import { uuid } from "../lib/fields.ts";
import { lazy } from "../lib/lazy.ts";
import { verifyToken } from "../platform/auth/token.ts";
import { note } from "../platform/work.ts";
import type { Config } from "./config.ts";

/** Whom a request is for. */
export interface Caller {
  tenantId: string;
  userId: string;
  /** True for the role `admin`: it sees all accounts of the tenant. */
  isAdmin: boolean;
}

/** Whom a request says it is for, beside its token. */
export interface Named {
  tenantId: string | undefined;
  userId: string | undefined;
}

/**
 * The claims of a token. The first name that is there counts: a token of the EMS has a number as its `user_id`, and is
 * refused whatever else it says.
 */
const Claims = lazy(() =>
  z.object({
    tenant_id: z.optional(z.unknown()),
    tenantId: z.optional(z.unknown()),
    user_id: z.optional(z.unknown()),
    userId: z.optional(z.unknown()),
    sub: z.optional(z.unknown()),
    role: z.optional(z.string()),
    /** Seconds since the epoch. */
    exp: z.number(),
  }),
);

/** A service that acts for others: its token may leave out whom it is for, and the headers say it. */
const SERVICE = "service";

/**
 * Verifies a token, and notes its user for the log.
 * @param named what the headers X-Tenant-ID and X-User-ID say. It must agree with the token
 * @throws ServiceError unauthenticated for a token that is not valid, or for somebody else; invalid for a header that is
 *   no UUID; otherwise what `verifyToken` throws
 */
export async function verifyCaller(token: string, config: Config, named: Named): Promise<Caller> {
  const claims = await verifyToken(token, config, Claims);
  const isService = claims.role === SERVICE;
  const tenantId = agreed(
    claimed(claims.tenant_id ?? claims.tenantId),
    header("X-Tenant-ID", named.tenantId),
    isService,
  );
  // Security: the subject of a service's token is the service itself.
  const user = claims.user_id ?? claims.userId ?? (isService ? undefined : claims.sub);
  const userId = agreed(claimed(user), header("X-User-ID", named.userId), isService);
  note({ tenant: tenantId, user: userId });
  return { tenantId, userId, isAdmin: claims.role === "admin" };
}

/** @throws ServiceError unauthenticated for a claim that is no UUID */
function claimed(claim: unknown): string | undefined {
  if (claim === undefined) return undefined;
  const { success, data } = uuid().safeParse(claim);
  if (!success) throw unauthenticated("a claim is no UUID");
  return data;
}

/** @throws ServiceError invalid */
function header(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { success, data } = uuid().safeParse(value);
  if (!success) throw invalid(`${name}: must be a UUID`);
  return data;
}

/** @throws ServiceError unauthenticated if nobody is named, by a token that may not leave it out, or two are */
function agreed(claim: string | undefined, named: string | undefined, isService: boolean): string {
  const found = claim ?? (isService ? named : undefined);
  if (found === undefined) throw unauthenticated("the token names nobody");
  if (named !== undefined && named !== found) throw unauthenticated("the headers name somebody else");
  return found;
}
