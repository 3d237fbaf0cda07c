import type { AnswerStore } from "../platform/idempotency/store.ts";
import type { Ctx } from "./context.ts";

/** The store of responses under Idempotency-Keys. */
export const answersOf = ({ db, env, defer }: Ctx): AnswerStore => ({
  db,
  bucket: env.ATTACHMENTS,
  table: "es_idempotency_keys",
  defer,
});
