import * as z from "zod/mini";

export const CompanyResponse = z.object({ id: z.int(), name: z.string() });
export type CompanyResponse = z.infer<typeof CompanyResponse>;

/** `name` is null until it is set. */
export const CompanyListResponse = z.array(z.object({ id: z.int(), name: z.nullable(z.string()) }));
export type CompanyListResponse = z.infer<typeof CompanyListResponse>;
