import * as z from "zod/mini";

export const ChatFileResponse = z.object({
  id: z.int(),
  /** The same for the same file of one owner. */
  unique_id: z.string(),
  /** Signed, and good for 6 to 12 hours. */
  file: z.string(),
  file_type: z.enum(["image", "video", "voice", "document", "other"]),
  /** In bytes. */
  file_size: z.int(),
  /** True until a message has it. Such files go after a day. */
  is_temporary: z.boolean(),
  uploaded_at: z.string(),
});

export const ChatFileListResponse = z.array(ChatFileResponse);
