import * as z from "zod/mini";
import { headerText, wholeNumber } from "../../lib/fields.ts";

export const CompanyParam = z.object({ company_id: wholeNumber });

export const CompanyUpdate = z.object({
  name: headerText(200).check(z.trim(), z.minLength(1, "must not be empty")),
});
export type CompanyUpdate = z.infer<typeof CompanyUpdate>;

export const CompanyResponse = z.object({ id: z.int(), name: z.string() });
export type CompanyResponse = z.infer<typeof CompanyResponse>;

/** `name` is null until it is set. */
export const CompanyListResponse = z.array(z.object({ id: z.int(), name: z.nullable(z.string()) }));
export type CompanyListResponse = z.infer<typeof CompanyListResponse>;
