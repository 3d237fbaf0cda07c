import * as z from "zod";

export const CompanyParam = z.object({ company_id: z.coerce.number("must be a whole number").int() });

export const CompanyUpdate = z.object({ name: z.string().trim().min(1).max(200, "at most 200 characters") });
export type CompanyUpdate = z.infer<typeof CompanyUpdate>;

export const CompanyResponse = z.object({ id: z.int(), name: z.string() });
export type CompanyResponse = z.infer<typeof CompanyResponse>;

/** `name` is null while nobody has named the company. */
export const CompanyListResponse = z.array(z.object({ id: z.int(), name: z.string().nullable() }));
export type CompanyListResponse = z.infer<typeof CompanyListResponse>;
