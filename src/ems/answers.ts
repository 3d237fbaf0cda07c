import type { AnswerStore } from "../platform/idempotency/store.ts";
import { type Ctx, ofNoCompany } from "./context.ts";

/** Where the answers under Idempotency-Keys are. They belong to users, not to companies. */
export const answersOf = (ctx: Ctx): AnswerStore => ({
  db: ofNoCompany(ctx).db,
  bucket: ctx.env.ATTACHMENTS,
  table: "ems_idempotency_keys",
  defer: ctx.defer,
});
