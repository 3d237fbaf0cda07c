/** An address as ENVELOPE has it. A group begins with a name in `mailbox` and no host, and ends with neither. */
export interface EnvelopeAddress {
  name: string | null;
  /** Of RFC 822, which names the servers on the way. */
  route: string | null;
  mailbox: string | null;
  host: string | null;
}

type Token = { kind: "word" | "quoted" | "special" | "comment"; text: string };

/** Reads a header with addresses (RFC 5322, 3.4). Encoded words stay as they are. */
export function readAddresses(header: string): EnvelopeAddress[] {
  const found: EnvelopeAddress[] = [];
  let pending: Token[] = [];
  let isInGroup = false;
  let isInAngle = false;
  const flush = () => {
    const address = addressOf(pending);
    if (address) found.push(address);
    pending = [];
  };
  for (const token of tokensOf(header)) {
    const special = token.kind === "special" ? token.text : "";
    if (special === "<") isInAngle = true;
    if (special === ">") isInAngle = false;
    if (special === "," && !isInAngle) flush();
    else if (special === ":" && !isInGroup && !isInAngle) {
      found.push({ name: null, route: null, mailbox: phraseOf(pending), host: null });
      pending = [];
      isInGroup = true;
    } else if (special === ";" && isInGroup) {
      flush();
      found.push(END_OF_GROUP);
      isInGroup = false;
    } else pending.push(token);
  }
  flush();
  if (isInGroup) found.push(END_OF_GROUP);
  return found;
}

const END_OF_GROUP: EnvelopeAddress = { name: null, route: null, mailbox: null, host: null };

function tokensOf(header: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /"((?:[^"\\]|\\[\s\S])*)"?|\(((?:[^()\\]|\\[\s\S]|\((?:[^()\\]|\\[\s\S])*\))*)\)?|([<>@,:;])|([^\s"(<>@,:;]+)/g;
  for (const [, quoted, comment, special, word] of header.matchAll(pattern)) {
    if (quoted !== undefined) tokens.push({ kind: "quoted", text: quoted.replace(/\\([\s\S])/g, "$1") });
    else if (comment !== undefined)
      tokens.push({ kind: "comment", text: comment.replace(/\\([\s\S])/g, "$1") });
    else if (special !== undefined) tokens.push({ kind: "special", text: special });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
  }
  return tokens;
}

function addressOf(tokens: Token[]): EnvelopeAddress | null {
  const isSpecial = (text: string) => (token: Token) => token.kind === "special" && token.text === text;
  const words = tokens.filter(({ kind }) => kind !== "comment");
  if (words.length === 0) return null;
  const open = words.findIndex(isSpecial("<"));
  const comment = tokens.find(({ kind }) => kind === "comment")?.text ?? null;
  if (open >= 0) {
    const close = words.findIndex(isSpecial(">"));
    const inside = words.slice(open + 1, close < 0 ? undefined : close);
    // A route before the address ends with a colon.
    const colon = inside.findLastIndex(isSpecial(":"));
    const { mailbox, host } = split(inside.slice(colon + 1));
    return {
      name: phraseOf(words.slice(0, open)) ?? comment,
      route: colon < 0 ? null : textOf(inside.slice(0, colon)),
      mailbox: mailbox ?? "MISSING_MAILBOX",
      host,
    };
  }
  return { name: comment, route: null, ...split(words) };
}

const textOf = (tokens: Token[]): string => tokens.map(({ text }) => text).join("");

function split(words: Token[]): Pick<EnvelopeAddress, "mailbox" | "host"> {
  const at = words.findLastIndex(({ kind, text }) => kind === "special" && text === "@");
  if (at < 0) return { mailbox: words.map(({ text }) => text).join(" ") || null, host: "MISSING_DOMAIN" };
  return { mailbox: textOf(words.slice(0, at)) || "MISSING_MAILBOX", host: textOf(words.slice(at + 1)) };
}

const phraseOf = (words: Token[]): string | null => words.map(({ text }) => text).join(" ") || null;
