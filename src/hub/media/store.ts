import type { Part } from "../../lib/multipart.ts";
import type { UserCtx } from "../context.ts";
import { badField } from "../errors.ts";
import type { FileKind } from "./kinds.ts";

/** A file in R2 that no row refers to yet. */
export class StoredFile {
  readonly key: string;
  /** By its bytes. */
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;

  constructor(key: string, contentType: string, size: number) {
    this.key = key;
    this.contentType = contentType;
    this.size = size;
  }
}

/** Stores a file of a form. @throws ServiceError invalid for a type or a size that this kind does not take */
export async function storeFile(_ctx: UserCtx, part: Part, _kind: FileKind): Promise<StoredFile> {
  throw badField(part.name, "Files are not taken yet.");
}
