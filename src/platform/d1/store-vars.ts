import * as z from "zod/mini";

/** The var that says where companies' rows are. */
export const storeVars = () => ({
  /** `d1`: all rows in one D1 database. `objects`: those of a company in its Durable Object. */
  STORE: z._default(z.enum(["d1", "objects"]), "d1"),
});
