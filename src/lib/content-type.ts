/** True for a media type that is safe in a mail header (RFC 2045 section 5.1), with any parameters. */
export const isContentType = (text: string): boolean =>
  text.length <= 255 && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/.test(text);
