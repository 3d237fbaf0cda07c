import type { AnswerStore } from "../platform/idempotency/store.ts";
import { type Ctx, ofNoCompany } from "./context.ts";

/**
 * The store of responses under Idempotency-Keys. They belong to users, so they are in the database for rows
 * without a company.
 */
export const answersOf = (ctx: Ctx): AnswerStore => ({
  db: ofNoCompany(ctx).db,
  bucket: ctx.env.ATTACHMENTS,
  table: "ems_idempotency_keys",
  defer: ctx.defer,
});
