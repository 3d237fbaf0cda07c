import * as z from "zod/mini";
import { ThreadSummary } from "../items/responses.ts";
import { pageOf } from "../lists/pagination.ts";
import { MessageResponse } from "../messages/responses.ts";

export const ThreadListResponse = pageOf(ThreadSummary);
export type ThreadListResponse = z.infer<typeof ThreadListResponse>;

export const ThreadDetailResponse = z.extend(ThreadSummary, { messages: z.array(MessageResponse) });
