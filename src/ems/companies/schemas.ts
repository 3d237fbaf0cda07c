import * as z from "zod/mini";
import { headerText, wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";

export const CompanyParam = lazy(() => z.object({ company_id: wholeNumber() }));

export const CompanyUpdate = lazy(() =>
  z.object({
    name: headerText(200).check(z.trim(), z.minLength(1, "must not be empty")),
  }),
);
export type CompanyUpdate = Infer<typeof CompanyUpdate>;
