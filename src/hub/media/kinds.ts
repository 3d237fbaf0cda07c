import { all, type FileType, pictured, pictures } from "./strip/types.ts";

/** What a file is for. */
export type FileKind = "profile" | "post" | "story" | "room" | "chat";

/** What a kind takes. */
export interface Terms {
  maxBytes: number;
  types(): FileType[];
  /** The refusal of anything else. */
  sentence: string;
}

const MB = 1024 * 1024;

const PICTURE: Terms = {
  maxBytes: 10 * MB,
  types: pictures,
  sentence: "Upload a valid image: JPEG, PNG, WebP or GIF, of at most 10 MB.",
};

export const TERMS: Record<FileKind, Terms> = {
  profile: PICTURE,
  post: PICTURE,
  room: PICTURE,
  story: {
    maxBytes: 50 * MB,
    types: pictured,
    sentence:
      "Upload a valid image (JPEG, PNG, WebP, GIF) or video (MP4, WebM, QuickTime), of at most 50 MB.",
  },
  chat: { maxBytes: 50 * MB, types: all, sentence: "Upload a file of at most 50 MB." },
};
