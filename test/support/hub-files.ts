import { env } from "cloudflare:workers";
import * as z from "zod/mini";
import type { HubEnv } from "../../src/hub/context.ts";
import { toAnswer } from "../../src/hub/errors.ts";
import { storedFile } from "../../src/hub/media/fields.ts";
import { useFile } from "../../src/hub/media/rows.ts";
import { authenticate, open } from "../../src/hub/middleware.ts";
import { body, type FileFields } from "../../src/hub/requests/middleware.ts";
import { lazy } from "../../src/lib/lazy.ts";
import { createApp } from "../../src/platform/app.ts";
import type { Answered } from "./client.ts";
import { hubContext, type Person } from "./hub-client.ts";

// Files of forms, without the features that take them.

const FIELDS: FileFields = {
  picture: { kind: "profile", most: 1 },
  images: { kind: "post", most: 3 },
  media: { kind: "story", most: 1 },
};

const Form = lazy(() =>
  z.object({
    picture: z.optional(storedFile()),
    images: z.optional(z.union([storedFile(), z.array(storedFile())])),
    media: z.optional(storedFile()),
    text: z.optional(z.string()),
  }),
);

const app = lazy(() =>
  createApp<HubEnv>({ toAnswer, corsOrigins: () => [], exposeHeaders: [] })
    .use(open)
    .use(authenticate)
    .post("/", body(Form, FIELDS), (c) => {
      const { text, ...files } = c.req.valid("json");
      return c.json({ text, files: Object.values(files).flat() }, 201);
    }),
);

/** What the form's route answers: the files that were stored. */
export interface Taken {
  text?: string;
  files: { key: string; contentType: string; size: number }[];
  details?: Record<string, string[]>;
}

/** Sends a form as it is. */
export async function sendBody(person: Person, type: string, sent: BodyInit): Promise<Answered<Taken>> {
  const request = new Request("https://xabar.test/", {
    method: "POST",
    body: sent,
    headers: { "content-type": type, authorization: `Bearer ${person.token}` },
  });
  const response = await app().fetch(request, env, {
    waitUntil: () => {},
    passThroughOnException: () => {},
  } as never);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Sends files as a form: each field's bytes, with a name and a type that may lie. */
export async function upload(
  person: Person,
  fields: Record<string, Uint8Array<ArrayBuffer> | File | string>,
): Promise<Answered<Taken>> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    form.append(
      name,
      typeof value === "string" || value instanceof File ? value : new File([value], "f.jpg"),
    );
  const request = new Request("https://xabar.test/", { method: "POST", body: form });
  return sendBody(person, request.headers.get("content-type") ?? "", await request.arrayBuffer());
}

/** Uploads a file, and lets a row refer to it. @returns its key */
export async function keepFile(
  person: Person,
  field: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const { body } = await upload(person, { [field]: bytes });
  const { key } = body.files[0]!;
  await hubContext().db.run(useFile(key));
  return key;
}

/** The bytes of a file in R2; null without it. */
export async function storedBytes(key: string): Promise<Uint8Array | null> {
  const object = await env.ATTACHMENTS.get(`hub/${key}`);
  return object && new Uint8Array(await object.arrayBuffer());
}
