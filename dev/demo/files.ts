import { crc32, deflateSync } from "node:zlib";
import type { SignedMail } from "../nylas/sim.ts";
import type { FileKind } from "./data.ts";

export type MailAttachment = NonNullable<SignedMail["attachments"]>[number];

/** The content of a file. Each kind of file uses a part of it. */
export interface FileFacts {
  title: string;
  lines: string[];
  rows: (string | number)[][];
  startsAt: number;
  organiser: string;
  colour: [red: number, green: number, blue: number];
}

const TYPES: Record<FileKind, string> = {
  invoice: "application/pdf",
  contract: "application/pdf",
  resume: "application/pdf",
  prices: "text/csv",
  notes: "text/plain",
  photo: "image/png",
  invitation: "text/calendar",
};

/** Creates an attachment that is a valid file of its type. */
export function attachment(kind: FileKind, filename: string, facts: FileFacts): MailAttachment {
  return { filename, contentType: TYPES[kind], content: bytesOf(kind, facts), inline: false };
}

function bytesOf(kind: FileKind, facts: FileFacts): Uint8Array {
  switch (kind) {
    case "prices":
      return csv(facts.rows);
    case "notes":
      return encode(`${[facts.title, "", ...facts.lines].join("\r\n")}\r\n`);
    case "photo":
      return png(160, 120, facts.colour);
    case "invitation":
      return ics(facts);
    default:
      return pdf([facts.title, "", ...facts.lines]);
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Starts with a byte order mark. Without it Excel reads UTF-8 as the local code page. */
export const csv = (rows: (string | number)[][]): Uint8Array =>
  encode(`\uFEFF${rows.map((row) => row.map(csvField).join(";")).join("\r\n")}\r\n`);

const csvField = (value: string | number) =>
  /[";\r\n]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : `${value}`;

/** A true-colour PNG of one colour, darker towards the lower right corner. */
export function png(width: number, height: number, colour: [number, number, number]): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits per channel, RGB, default compression and filter, not interlaced
  const pixels = new Uint8Array(height * (1 + width * 3)); // each row begins with a filter byte, 0 for none
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = 1 - (0.5 * (x + y)) / (width + height);
      const at = y * (1 + width * 3) + 1 + x * 3;
      for (let channel = 0; channel < 3; channel++) pixels[at + channel] = colour[channel]! * light;
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(pixels);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** A PDF of one page. Its built-in font is Latin only: other letters become question marks. */
export function pdf(lines: string[]): Uint8Array {
  const text = lines.map((line) => `(${pdfText(line)}) '`).join("\n");
  const page = `BT\n/F1 12 Tf\n16 TL\n56 780 Td\n${text}\nET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const xref = `xref\n0 ${size}\n0000000000 65535 f \n${entries}`;
  return encode(`${file}${xref}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`);
}

const pdfText = (line: string) =>
  line
    .replace(/[‘’ʻʼ]/g, "'")
    .replace(/\s/g, " ")
    .replace(/[^\x20-\x7e]/g, "?")
    .replace(/[\\()]/g, "\\$&");

/** An invitation to a one-hour meeting. */
function ics({ title, lines, startsAt, organiser }: FileFacts): Uint8Array {
  const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const value = (text: string) => text.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
  const calendar = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Demo mail//EN",
    "METHOD:REQUEST",
    "BEGIN:VEVENT",
    `UID:${startsAt}-${organiser}`,
    `DTSTAMP:${time(startsAt)}`,
    `DTSTART:${time(startsAt)}`,
    `DTEND:${time(startsAt + 3_600_000)}`,
    `SUMMARY:${value(title)}`,
    `DESCRIPTION:${value(lines.join("\n"))}`,
    `ORGANIZER:mailto:${organiser}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return encode(calendar.flatMap(folded).join("\r\n").concat("\r\n"));
}

/** RFC 5545 3.1: folds lines of more than 75 octets. 18 characters have at most 72. */
function folded(line: string): string[] {
  if (Buffer.byteLength(line) <= 75) return [line];
  return (line.match(/.{1,18}/gu) ?? []).map((part, index) => (index > 0 ? ` ${part}` : part));
}
