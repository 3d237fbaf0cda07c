/** The public URL of a file under an unguessable key; null without one. @param origin the module's public base URL */
export const mediaUrl = <Key extends string | null>(origin: string, key: Key) =>
  (key === null ? null : `${origin}/media/${key}`) as Key extends null ? null : string;
