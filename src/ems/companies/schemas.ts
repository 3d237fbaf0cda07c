import * as z from "zod";
import { line, wholeNumber } from "../../lib/validation.ts";

export const CompanyParam = z.object({ company_id: wholeNumber });

export const CompanyUpdate = z.object({ name: line(200).trim().min(1, "must not be empty") });
export type CompanyUpdate = z.infer<typeof CompanyUpdate>;

export const CompanyResponse = z.object({ id: z.int(), name: z.string() });
export type CompanyResponse = z.infer<typeof CompanyResponse>;

/** `name` is null while nobody has named the company. */
export const CompanyListResponse = z.array(z.object({ id: z.int(), name: z.string().nullable() }));
export type CompanyListResponse = z.infer<typeof CompanyListResponse>;
