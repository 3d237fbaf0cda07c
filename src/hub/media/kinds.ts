/** What a file is for. */
export type FileKind = "profile" | "post" | "story";
