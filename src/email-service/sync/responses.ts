import * as z from "zod/mini";

export const SyncResponse = z.object({
  taskId: z.string(),
  status: z.enum(["pending", "started"]),
  message: z.string(),
});
export type SyncResponse = z.infer<typeof SyncResponse>;

export const TaskResponse = z.object({
  taskId: z.string(),
  status: z.enum(["pending", "started", "success", "failure", "retry"]),
  result: z.optional(z.record(z.string(), z.unknown())),
  error: z.optional(z.string()),
  /** Why it failed, for programs. */
  code: z.optional(z.string()),
  /** From 0 to 100. It never falls, and is 100 only with success. */
  progress: z.int(),
});
export type TaskResponse = z.infer<typeof TaskResponse>;
