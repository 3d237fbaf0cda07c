/**
 * The character references in mail: all of HTML 4, and those of HTML 5 for characters that people type. A number is the
 * code of the name after it; each further name has the next code.
 */
const NAMES =
  "9 Tab NewLine 33 excl quot num dollar percnt amp apos lpar rpar ast plus comma 46 period sol 58 colon semi lt " +
  "equals gt quest commat 91 lsqb bsol rsqb 95 lowbar grave 123 lbrace vert rbrace 123 lcub verbar rcub " +
  "160 nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute " +
  "micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig " +
  "Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash " +
  "Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc " +
  "euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml " +
  "yacute thorn yuml 305 imath inodot 338 OElig oelig 352 Scaron scaron 376 Yuml 402 fnof 710 circ caron 732 tilde " +
  "913 Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho 931 Sigma Tau Upsilon " +
  "Phi Chi Psi Omega 945 alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho " +
  "sigmaf sigma tau upsilon phi chi psi omega thetasym upsih 982 piv 8194 ensp emsp emsp13 emsp14 8199 numsp puncsp " +
  "thinsp hairsp ZeroWidthSpace zwnj zwj lrm rlm hyphen 8211 ndash mdash horbar 8216 lsquo rsquo sbquo 8220 ldquo " +
  "rdquo bdquo 8224 dagger Dagger bull 8230 hellip 8240 permil 8242 prime Prime 8249 lsaquo rsaquo 8254 oline " +
  "8260 frasl 8288 NoBreak 8364 euro 8465 image 8470 numero 8472 weierp 8476 real 8482 trade 8501 alefsym " +
  "8592 larr uarr rarr darr harr 8629 crarr 8656 lArr uArr rArr dArr hArr 8704 forall 8706 part exist 8709 empty " +
  "8711 nabla isin notin 8715 ni 8719 prod 8721 sum minus 8727 lowast 8730 radic 8733 prop infin 8736 ang 8743 and " +
  "or cap cup int 8756 there4 8764 sim 8773 cong 8776 asymp 8800 ne equiv 8804 le ge 8834 sub sup nsub 8838 sube supe " +
  "8853 oplus 8855 otimes 8869 perp 8901 sdot 8968 lceil rceil lfloor rfloor 9674 loz 9733 starf star 9742 phone " +
  "9824 spades 9827 clubs 9829 hearts diams 10003 check 10007 cross 10216 lang rang";

let table: Map<string, string> | undefined;

function characterOf(name: string): string | undefined {
  table ??= new Map(entries());
  return table.get(name) ?? table.get(name.toLowerCase());
}

function* entries(): Generator<[string, string]> {
  let code = 0;
  for (const word of NAMES.split(" ")) {
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
