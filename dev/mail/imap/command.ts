import type { Connection } from "../net/connection.ts";
import { Refusal } from "../world/mailbox.ts";

/** An atom, a string or a literal, a character for each byte; or a list in parentheses. */
export type Token = string | Token[];

export interface Command {
  tag: string;
  /** In upper case; with UID in front where it is a UID command. */
  name: string;
  tokens: Token[];
}

const MAX_LITERAL = 64 * 1024 * 1024;
const LITERAL = /~?\{(\d+)([+-]?)\}$/;

/** Reads a command with its literals, which it asks for. */
export async function readCommand(connection: Connection): Promise<Command> {
  const pieces: string[] = [];
  for (;;) {
    const line = (await connection.line()).toString("latin1");
    pieces.push(line);
    const literal = LITERAL.exec(line);
    if (!literal) break;
    const size = Number(literal[1]);
    if (size > MAX_LITERAL) {
      connection.write("* BYE The literal is too large\r\n");
      connection.close();
    }
    if (literal[2] === "") connection.write("+ OK\r\n");
    pieces.push("\r\n", (await connection.bytes(size)).toString("latin1"));
  }
  return commandOf(pieces.join(""));
}

function commandOf(text: string): Command {
  const [head, tag = "", uid = "", verb = ""] = /^(\S+) +(UID +)?([A-Za-z]+)/i.exec(text) ?? [];
  if (head === undefined) return { tag: text.split(" ", 1)[0] || "*", name: "", tokens: [] };
  const name = (uid ? `UID ${verb}` : verb).toUpperCase();
  return { tag, name, tokens: tokensOf(text.slice(head.length)) };
}

/** Splits the arguments of a command. */
function tokensOf(text: string): Token[] {
  const root: Token[] = [];
  const open: Token[][] = [root];
  for (let at = 0; at < text.length; ) {
    const list = open.at(-1)!;
    const char = text[at]!;
    if (char === " ") at++;
    else if (char === "(") {
      const inner: Token[] = [];
      list.push(inner);
      open.push(inner);
      at++;
    } else if (char === ")") {
      if (open.length > 1) open.pop();
      at++;
    } else {
      const [token, next] = char === '"' ? quotedAt(text, at) : (literalAt(text, at) ?? atomAt(text, at));
      list.push(token);
      at = next;
    }
  }
  return root;
}

function quotedAt(text: string, at: number): [string, number] {
  const quoted = /"((?:[^"\\]|\\.)*)"?/y;
  quoted.lastIndex = at;
  const [whole = "", inner = ""] = quoted.exec(text) ?? [];
  return [inner.replace(/\\(.)/g, "$1"), at + whole.length];
}

function literalAt(text: string, at: number): [string, number] | undefined {
  const literal = /~?\{(\d+)[+-]?\}\r\n/y;
  literal.lastIndex = at;
  const found = literal.exec(text);
  if (!found) return undefined;
  const start = at + found[0].length;
  const end = start + Number(found[1]);
  return [text.slice(start, end), end];
}

/** An atom ends at a blank or a parenthesis, unless these are within brackets: BODY[HEADER.FIELDS (From To)]<0.10>. */
function atomAt(text: string, at: number): [string, number] {
  const atom = /(?:\[[^\]]*\]|[^\s()])+/y;
  atom.lastIndex = at;
  const [found = text[at]!] = atom.exec(text) ?? [];
  return [found, at + found.length];
}

/** @throws Refusal unless the token is a text */
export function textOf(token: Token | undefined): string {
  if (typeof token !== "string") throw new Refusal("An argument is missing", { isBad: true });
  return token;
}

/** @throws Refusal unless the token is a list */
export function listOf(token: Token | undefined): Token[] {
  if (!Array.isArray(token)) throw new Refusal("A list is missing", { isBad: true });
  return token;
}
