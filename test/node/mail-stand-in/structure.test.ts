import { expect, test } from "vitest";
import recorded from "../../fixtures/mime/structures.json" with { type: "json" };
import { imapLine, newMailbox, runMailServers } from "./running.ts";

// Of each mail, what Dovecot says of its structure: see test/fixtures/mime/structures.py.

const running = runMailServers();

type Value = string | number | null | Value[];

/** Reads the values of an answer. */
function valuesOf(text: string): Value[] {
  const root: Value[] = [];
  const open = [root];
  const token = /\(|\)|"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n|([^\s()]+)/g;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [whole, quoted, literal, atom] = found;
    const list = open.at(-1)!;
    if (whole === "(") {
      const inner: Value[] = [];
      list.push(inner);
      open.push(inner);
    } else if (whole === ")") open.pop();
    else if (quoted !== undefined) list.push(quoted.replace(/\\(.)/g, "$1"));
    else if (literal !== undefined) {
      list.push(text.slice(token.lastIndex, token.lastIndex + Number(literal)));
      token.lastIndex += Number(literal);
    } else list.push(atom === "NIL" ? null : /^\d+$/.test(atom!) ? Number(atom) : atom!);
  }
  return root;
}

test.each(recorded)("$name: ENVELOPE and BODYSTRUCTURE are as Dovecot gives them", async (mail) => {
  const mailbox = newMailbox(running, {}, [mail.raw]);
  using line = await imapLine(running, mailbox);
  await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
  const answer = await line.ask("c FETCH 1 (ENVELOPE BODYSTRUCTURE)\r\n", /^c .*\r\n$/m);
  const items = valuesOf(answer)[3] as Value[];
  expect(items).toEqual(["ENVELOPE", mail.envelope, "BODYSTRUCTURE", mail.structure]);
});

test("a mail nested 300 levels is read to the hundredth, and one of 10,000 parts as a whole", async () => {
  const deep = Array.from({ length: 300 }, (_, at) => {
    return `Content-Type: multipart/mixed; boundary=b${at}x\r\n\r\n--b${at}x\r\n`;
  }).join("");
  const wide = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(10_000)}--b--\r\n`;
  const mailbox = newMailbox(running, {}, [deep, wide]);
  using line = await imapLine(running, mailbox);
  await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
  const startedAt = Date.now();
  const answer = await line.ask("c FETCH 1:2 (BODYSTRUCTURE)\r\n", /^c .*\r\n$/m);
  expect(Date.now() - startedAt).toBeLessThan(5000);
  expect(answer.match(/"b\d+x"/g)).toHaveLength(101);
  expect(answer.match(/"plain"/g)!.length).toBeGreaterThan(10_000);
});
