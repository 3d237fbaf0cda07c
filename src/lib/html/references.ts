export const escapeHtml = (text: string): string => text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Of text that has no references: what looks like one is to be read as it stands. */
export const escapeText = (text: string): string => escapeHtml(text.replaceAll("&", "&amp;"));

/** References are left as they are: to a browser, value and result are the same text. */
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

/** The references that mail programs write into styles, addresses and Content-IDs; all others stay as they are. */
export const decode = (value: string): string =>
  value.includes("&")
    ? value.replace(/&(?:#x([\da-f]{1,6});?|#(\d{1,7});?|([a-z]+);)/gi, (reference, hex, decimal, name) => {
        if (name) return NAMED[name.toLowerCase()] ?? reference;
        const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
        return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
      })
    : value;
