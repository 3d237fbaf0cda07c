import { type Entity, partAt, readEntity } from "../mime/entity.ts";
import { Refusal } from "../world/mailbox.ts";

/** Part of a message that a client asks for: BODY[2.HEADER.FIELDS (From)]<0.100>. */
export interface Section {
  /** As the answer repeats it: `BODY[2.MIME]<0>`. */
  label: string;
  isPeek: boolean;
  path: number[];
  /** What of the part: its body, or HEADER, TEXT, MIME, HEADER.FIELDS, HEADER.FIELDS.NOT. */
  kind: string;
  /** In lower case, of the last two. */
  fields: string[];
  partial: { from: number; count: number } | null;
}

const SECTION =
  /^(BODY(?:\.PEEK)?)\[(?:([\d.]*\d)(?:\.|$|(?=\])))?([A-Z.]*)(?: \(([^)]*)\))?\](?:<(\d+)\.(\d+)>)?$/i;

/** Reads an item of FETCH. @throws Refusal if it is none of these */
export function readSection(item: string): Section {
  const [, verb, path, kind = "", fields, from, count] = SECTION.exec(item) ?? [];
  if (verb === undefined) throw new Refusal(`Unknown item ${item}`, { isBad: true });
  const inner = item.slice(item.indexOf("["), item.lastIndexOf("]") + 1);
  return {
    label: `BODY${inner}${from === undefined ? "" : `<${from}>`}`,
    isPeek: verb.toUpperCase() === "BODY.PEEK",
    path: path ? path.split(".").map(Number) : [],
    kind: kind.toUpperCase(),
    fields: (fields ?? "").toLowerCase().replaceAll('"', "").split(" ").filter(Boolean),
    partial: from === undefined ? null : { from: Number(from), count: Number(count) },
  };
}

/** The bytes of a section; null where the message has no such part. */
export function bytesOf(raw: Buffer, section: Section): Buffer | null {
  const part = partAt(readEntity(raw), section.path);
  const bytes = part && contentOf(raw, part, section);
  if (!bytes || !section.partial) return bytes ?? null;
  const { from, count } = section.partial;
  return bytes.subarray(from, from + count);
}

function contentOf(raw: Buffer, part: Entity, { path, kind, fields }: Section): Buffer | undefined {
  const isWhole = path.length === 0;
  if (kind === "") return raw.subarray(isWhole ? part.start : part.body, part.end);
  if (kind === "MIME") return raw.subarray(part.start, part.body);
  const message = isWhole ? part : part.message;
  if (!message) return undefined;
  if (kind === "HEADER") return raw.subarray(message.start, message.body);
  if (kind === "TEXT") return raw.subarray(message.body, message.end);
  if (kind !== "HEADER.FIELDS" && kind !== "HEADER.FIELDS.NOT") return undefined;
  const isWanted = kind === "HEADER.FIELDS";
  const found = message.headers.filter(({ name }) => fields.includes(name.toLowerCase()) === isWanted);
  return Buffer.from(`${found.map((header) => header.raw).join("")}\r\n`, "latin1");
}
