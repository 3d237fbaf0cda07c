import type { Bytes } from "../store/store.ts";

export interface FilePart {
  /** The name of the part. Nylas uses it as the content id. */
  name: string;
  filename: string;
  contentType: string;
  content: Bytes;
}

/** Nylas: the limit of a whole multipart body. */
const MULTIPART_LIMIT = 25 * 1024 * 1024;

/** A request body, parsed by its content type. */
export type Body = { size: number } & (
  | { kind: "none" }
  | { kind: "json"; value: unknown }
  | { kind: "multipart"; fields: Record<string, string>; files: FilePart[] }
  | { kind: "oversized" }
  | { kind: "malformed" }
);

/** Reads and parses the body. Never throws: a body that cannot be parsed is `malformed`. */
export async function readBody(request: Request): Promise<Body> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const size = bytes.byteLength;
  if (size === 0) return { kind: "none", size };
  const contentType = request.headers.get("content-type") ?? "";
  const isMultipart = contentType.startsWith("multipart/form-data");
  if (isMultipart && size > MULTIPART_LIMIT) return { kind: "oversized", size };
  try {
    if (isMultipart) return await readMultipart(bytes, contentType);
    return { kind: "json", size, value: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch {
    return { kind: "malformed", size };
  }
}

async function readMultipart(bytes: Bytes, contentType: string): Promise<Body> {
  const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  const fields: Record<string, string> = {};
  const files: FilePart[] = [];
  for (const [name, part] of form) {
    if (typeof part === "string") {
      fields[name] = part;
      continue;
    }
    const content = new Uint8Array(await part.arrayBuffer());
    files.push({ name, filename: part.name, contentType: part.type, content });
  }
  return { kind: "multipart", size: bytes.byteLength, fields, files };
}

/** The body for the request log: files are reduced to name and size. */
export function loggedBody(body: Body): unknown {
  if (body.kind === "json") return body.value;
  if (body.kind !== "multipart") return null;
  const files = body.files.map(({ content, ...part }) => ({ ...part, size: content.byteLength }));
  return { message: parsedOrText(body.fields.message ?? null), files };
}

function parsedOrText(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
