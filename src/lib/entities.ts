import names from "./entities.txt";

/**
 * The character references in mail: all of HTML 4, and those of HTML 5 for characters that people type. In the file, a
 * number is the code of the name after it, and each further name has the next code.
 */
let table: Map<string, string> | undefined;

function characterOf(name: string): string | undefined {
  table ??= new Map(entries());
  return table.get(name) ?? table.get(name.toLowerCase());
}

function* entries(): Generator<[string, string]> {
  let code = 0;
  for (const word of names.trim().split(/\s+/)) {
    if (/^\d/.test(word)) code = Number(word);
    else yield [word, String.fromCodePoint(code++)];
  }
}

const REFERENCE = /&(?:#x([\da-f]{1,10})|#(\d{1,10})|([a-z][a-z\d]{1,31}));?/gi;

/**
 * Decodes character references as a browser does (HTML Standard section 13.2.5.72). Latin-1 names need no semicolon,
 * and numbers in the C1 range are Windows-1252. Unknown names stay as they are. A reference never decodes to a lone
 * surrogate.
 */
export const decodeReferences = (text: string): string =>
  text.replace(REFERENCE, (reference, hex?: string, decimal?: string, name?: string) => {
    if (name === undefined) return characterAt(hex ? Number.parseInt(hex, 16) : Number(decimal));
    const character = characterOf(name);
    const isComplete = reference.endsWith(";") || (character !== undefined && character < "\u0100");
    return character !== undefined && isComplete ? character : reference;
  });

function characterAt(code: number): string {
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  if (!isCharacter) return "\ufffd";
  if (code >= 0x80 && code < 0xa0) return new TextDecoder("windows-1252").decode(Uint8Array.of(code));
  return String.fromCodePoint(code);
}
