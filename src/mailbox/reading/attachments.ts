import type { Attachment } from "../contract.ts";
import { decodedSizeOf, type Part } from "../mime/parts.ts";

/** Whether a part is offered as a file, or shown within the HTML. */
export const isFile = ({ role }: Part): boolean => role === "attachment" || role === "inline";

export const fileNameOf = ({ filename, part }: Part): string => filename ?? `part-${part}`;

/** A message's files, as the contract has them. */
export const attachmentsOf = (accountId: string, messageId: string, parts: Part[]): Attachment[] =>
  parts.filter(isFile).map((part) => ({
    id: `${accountId}-${messageId}-${part.part}`,
    messageId,
    filename: fileNameOf(part),
    mimeType: part.type,
    size: part.storedSize ?? decodedSizeOf(part),
    contentId: part.contentId,
    isInline: part.role === "inline",
  }));
