import * as z from "zod/mini";

export const CompanyResponse = z.object({ id: z.int(), name: z.string() });
export type CompanyResponse = z.infer<typeof CompanyResponse>;

/** `name` is null until it is set. */
export const CompanyListResponse = z.array(z.object({ id: z.int(), name: z.nullable(z.string()) }));
export type CompanyListResponse = z.infer<typeof CompanyListResponse>;

export const MoveResponse = z.object({
  /** Where the company's rows are now. */
  store: z.enum(["d1", "object"]),
  /** Null when no move is under way. */
  stage: z.nullable(z.enum(["copying", "comparing", "switching", "cleaning"])),
  /** Rows copied so far. */
  copied: z.int(),
  /** Rows that the comparison found to differ, and that were copied again. */
  repaired: z.int(),
  /** Why the last step failed. It is tried again. */
  error: z.nullable(z.string()),
});
export type MoveResponse = z.infer<typeof MoveResponse>;
