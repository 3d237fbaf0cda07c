import { fileName } from "../../lib/line.ts";

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
  /** In bytes after decoding. It is known once the file is in the bucket. */
  storedSize?: number;
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

/** A node of a message's tree, as imapflow makes it from BODYSTRUCTURE. Parameters are decoded. */
export interface Structure {
  /** Absent at the root. */
  part?: string | undefined;
  type: string;
  parameters?: Record<string, string> | undefined;
  /** The Content-ID. */
  id?: string | undefined;
  encoding?: string | undefined;
  size?: number | undefined;
  disposition?: string | undefined;
  dispositionParameters?: Record<string, string> | undefined;
  /** Of an embedded message. */
  envelope?: { subject?: string | undefined } | undefined;
  childNodes?: Structure[] | undefined;
}

/** A multipart below this level is offered as a file, and what exceeds the number of parts is left out. */
export const MAX_DEPTH = 200;
export const MAX_PARTS = 10_000;

/** Other forms of the same text. Nobody needs them as files. */
const OTHER_FORMS = new Set(["text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"]);

/** Where a part stands. */
interface Place {
  depth: number;
  /** One of several forms of the same content (RFC 2046 section 5.1.4). */
  isAlternative: boolean;
  /** Belongs to an HTML beside it (RFC 2387). */
  isRelated: boolean;
}

/**
 * Lists the leaves of a message, with what each is for. An embedded message is one file. A text is of the body unless
 * it is marked as a file, or follows another text and has a name. A text that follows an HTML without being its
 * alternative is a file, too: nobody who looks at the HTML would see it.
 * @param root of BODYSTRUCTURE, or of `structureOf`
 */
export function partsOf(root: Structure): Part[] {
  const parts: Part[] = [];
  let hasBody = false;
  let hasHtml = false;

  const roleOf = (node: Structure, { isAlternative, isRelated }: Place): Part["role"] => {
    const isNamed = nameOf(node) !== null && !isAlternative && hasBody;
    const isFile = node.disposition === "attachment" || isNamed;
    if (isRelated) return isPicture(node) || (node.id && !isFile) ? "inline" : "attachment";
    if (!isFile && node.type === "text/html") return "html";
    if (!isFile && node.type === "text/plain" && (isAlternative || !hasHtml)) return "text";
    if (isAlternative && OTHER_FORMS.has(node.type)) return "inline";
    return node.id && node.disposition === "inline" && isPicture(node) ? "inline" : "attachment";
  };

  const walk = (given: Structure, place: Place): void => {
    if (parts.length >= MAX_PARTS) return;
    // RFC 2045 section 5.2: what has no type that can be read is a text.
    const node = /^[^/]+\/[^/]+$/.test(given.type) ? given : { ...given, type: "text/plain" };
    const children = node.type.startsWith("multipart/") ? (node.childNodes ?? []) : [];
    if (children.length > 0 && place.depth < MAX_DEPTH) {
      const main = node.type === "multipart/related" ? mainOf(node, children) : undefined;
      for (const child of children) {
        walk(child, {
          depth: place.depth + 1,
          isAlternative: place.isAlternative || node.type === "multipart/alternative",
          isRelated: main !== undefined && child !== main,
        });
      }
      return;
    }
    const role = roleOf(node, place);
    hasBody ||= role === "text" || role === "html";
    hasHtml ||= role === "html";
    parts.push(toPart(node, role));
  };

  walk(root, { depth: 0, isAlternative: false, isRelated: false });
  return parts;
}

/** The part that the others of a multipart/related belong to: that of `start`, else the first one. */
function mainOf({ parameters }: Structure, children: Structure[]): Structure | undefined {
  const start = bare(parameters?.start);
  return children.find(({ id }) => start !== null && bare(id) === start) ?? children[0];
}

const isPicture = ({ type }: Structure): boolean => type.startsWith("image/");

const nameOf = ({ dispositionParameters, parameters }: Structure): string | null =>
  dispositionParameters?.filename?.trim() || parameters?.name?.trim() || null;

const bare = (id: string | undefined): string | null => id?.trim().replace(/^<|>$/g, "") || null;

function toPart(node: Structure, role: Part["role"]): Part {
  const subject = node.type === "message/rfc822" ? node.envelope?.subject?.trim() : undefined;
  const name = nameOf(node) ?? (subject ? `${subject.replaceAll(/[/\\]/g, "-")}.eml` : null);
  return {
    part: node.part ?? "1",
    type: node.type,
    charset: node.parameters?.charset?.trim().toLowerCase() || null,
    encoding: node.encoding?.trim().toLowerCase() || "7bit",
    size: node.size ?? 0,
    filename: name === null ? null : fileName(name),
    contentId: bare(node.id),
    role,
  };
}

/** About how many bytes a part has when it is decoded. */
export function decodedSizeOf({ encoding, size }: Pick<Part, "encoding" | "size">): number {
  // A line of 76 characters and its end carries 57 bytes.
  return encoding === "base64" ? Math.floor((size * 57) / 78) : size;
}
