import * as z from "zod/mini";

export const GroupListResponse = z.array(
  z.object({
    id: z.int(),
    name: z.string(),
    type: z.literal([0, 1]),
    link: z.nullable(z.string()),
  }),
);

export const SyncResponse = z.array(z.never());

export const ExcludedResponse = z.object({ ids: z.array(z.int()) });
