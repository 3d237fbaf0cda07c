/** A leaf of a message's structure: a text of its body, or a file. */
export interface Part {
  /** Its number in IMAP, such as "2.1". */
  part: string;
  /** In lower case, such as "text/plain". */
  type: string;
  charset: string | null;
  /** In lower case: 7bit, 8bit, binary, base64, quoted-printable. */
  encoding: string;
  /** In bytes, as encoded. */
  size: number;
  filename: string | null;
  /** Without angle brackets. */
  contentId: string | null;
  /** What the part is for: shown as the message's text, shown within its HTML, or offered as a file. */
  role: "text" | "html" | "inline" | "attachment";
}

/** An address as a header has it. */
export interface Address {
  name: string;
  address: string;
}
