/** Escapes `<` and `>` only. Character references stay as they are. */
export const escapeHtml = (text: string): string => text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Escapes plain text, in which `&` is a character and not a reference. */
export const escapeText = (text: string): string => escapeHtml(text.replaceAll("&", "&amp;"));

/** Escapes an attribute's source text. References stay: a browser reads input and result as the same text. */
export const escapeAttribute = (value: string): string => escapeHtml(value).replaceAll('"', "&quot;");

const NAMED: Record<string, string> = {
  ...{ amp: "&", apos: "'", quot: '"', lt: "<", gt: ">", nbsp: "\u00a0", tab: "\t", newline: "\n" },
  ...{
    colon: ":",
    semi: ";",
    comma: ",",
    period: ".",
    sol: "/",
    bsol: "\\",
    num: "#",
    percnt: "%",
    quest: "?",
  },
  ...{ equals: "=", plus: "+", commat: "@", lpar: "(", rpar: ")", lowbar: "_", hyphen: "-" },
};

/** Decodes the references that mail programs write in styles, URLs and Content-IDs. All others stay as they are. */
export const decode = (value: string): string =>
  value.includes("&")
    ? value.replace(/&(?:#x([\da-f]{1,6});?|#(\d{1,7});?|([a-z]+);)/gi, (reference, hex, decimal, name) => {
        if (name) return NAMED[name.toLowerCase()] ?? reference;
        const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
        return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
      })
    : value;
