import { type EnvelopeAddress, readAddresses } from "../mime/addresses.ts";
import { type Entity, readEntity } from "../mime/entity.ts";
import { headerOf, readStructured } from "../mime/headers.ts";
import { nilOr, quoted } from "./syntax.ts";

/** Writes ENVELOPE (RFC 3501, 7.4.2). */
export function envelopeOf({ headers }: Entity): string {
  const addresses = (name: string): EnvelopeAddress[] => {
    const all = headers.filter((header) => header.name.toLowerCase() === name);
    return readAddresses(all.map(({ value }) => value).join(", "));
  };
  const from = addresses("from");
  const orFrom = (name: string) => {
    const found = addresses(name);
    return found.length > 0 ? found : from;
  };
  const text = (name: string) => nilOr(headerOf(headers, name));
  const lists = [from, orFrom("sender"), orFrom("reply-to"), ...["to", "cc", "bcc"].map(addresses)];
  return `(${[
    text("date"),
    text("subject"),
    ...lists.map(writeAddresses),
    text("in-reply-to"),
    text("message-id"),
  ].join(" ")})`;
}

const writeAddresses = (addresses: EnvelopeAddress[]): string =>
  addresses.length === 0
    ? "NIL"
    : `(${addresses.map(({ name, route, mailbox, host }) => `(${nilOr(name)} ${nilOr(route)} ${nilOr(mailbox)} ${nilOr(host)})`).join("")})`;

/**
 * Writes BODYSTRUCTURE, or BODY without the extensions (RFC 3501, 7.4.2).
 * @param raw the whole message
 */
export function structureOf(raw: Buffer, hasExtensions: boolean): string {
  return partOf(raw, readEntity(raw), hasExtensions);
}

function partOf(raw: Buffer, entity: Entity, hasExtensions: boolean): string {
  const isMultipart = entity.type.toLowerCase() === "multipart";
  const fields = isMultipart
    ? multipartFields(raw, entity, hasExtensions)
    : leafFields(raw, entity, hasExtensions);
  if (!hasExtensions) return `(${fields.join(" ")})`;
  const params = isMultipart
    ? [writeParams(entity.contentType.params)]
    : [nilOr(single(entity, "content-md5"))];
  return `(${[...fields, ...params, disposition(entity), language(entity), nilOr(single(entity, "content-location"))].join(" ")})`;
}

const EMPTY = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0';

function multipartFields(raw: Buffer, { parts, subtype }: Entity, hasExtensions: boolean): string[] {
  const empty = hasExtensions ? `${EMPTY} NIL NIL NIL NIL)` : `${EMPTY})`;
  const inner = parts.map((part) => partOf(raw, part, hasExtensions)).join("");
  return [inner || empty, quoted(subtype)];
}

function leafFields(raw: Buffer, entity: Entity, hasExtensions: boolean): string[] {
  const { type, subtype, contentType, body, end, message } = entity;
  const isText = type.toLowerCase() === "text";
  const hasCharset = contentType.params.some(([name]) => name.toLowerCase() === "charset");
  const params: [string, string][] =
    isText && !hasCharset ? [...contentType.params, ["charset", "us-ascii"]] : contentType.params;
  const encoding = (headerOf(entity.headers, "content-transfer-encoding") ?? "").split(/[\s;(]/, 1)[0];
  const lines = () => String(countLines(raw, body, end));
  return [
    quoted(message ? "message" : type),
    quoted(message ? "rfc822" : subtype),
    writeParams(params),
    nilOr(single(entity, "content-id")),
    nilOr(single(entity, "content-description")),
    quoted(encoding || "7bit"),
    String(end - body),
    ...(message ? [envelopeOf(message), partOf(raw, message, hasExtensions), lines()] : []),
    ...(isText ? [lines()] : []),
  ];
}

const single = ({ headers }: Entity, name: string): string | null => headerOf(headers, name) || null;

const writeParams = (params: [string, string][]): string =>
  params.length === 0 ? "NIL" : `(${params.flat().map(quoted).join(" ")})`;

function disposition(entity: Entity): string {
  const header = single(entity, "content-disposition");
  if (header === null) return "NIL";
  const { value, params } = readStructured(header);
  return value === "" ? "NIL" : `(${quoted(value)} ${writeParams(params)})`;
}

function language(entity: Entity): string {
  const languages = single(entity, "content-language")?.match(/[\w-]+/g) ?? [];
  return languages.length === 0 ? "NIL" : `(${languages.map(quoted).join(" ")})`;
}

function countLines(raw: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = raw.indexOf(10, from); at >= 0 && at < to; at = raw.indexOf(10, at + 1)) lines++;
  return lines;
}
