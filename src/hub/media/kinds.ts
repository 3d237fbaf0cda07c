/** What a file is for. */
export type FileKind = "profile" | "post" | "story" | "room";

/** What a kind takes. */
export interface Terms {
  maxBytes: number;
  takesVideos: boolean;
  /** The refusal of anything else. */
  sentence: string;
}

const MB = 1024 * 1024;

const PICTURE: Terms = {
  maxBytes: 10 * MB,
  takesVideos: false,
  sentence: "Upload a valid image: JPEG, PNG, WebP or GIF, of at most 10 MB.",
};

export const TERMS: Record<FileKind, Terms> = {
  profile: PICTURE,
  post: PICTURE,
  room: PICTURE,
  story: {
    maxBytes: 50 * MB,
    takesVideos: true,
    sentence:
      "Upload a valid image (JPEG, PNG, WebP, GIF) or video (MP4, WebM, QuickTime), of at most 50 MB.",
  },
};
