import { env } from "cloudflare:workers";
import { dereference, type Schema, validate } from "@cfworker/json-schema";
import document from "../../openapi.json";
import { addExample, type Examples } from "./examples.ts";

// Every answer of the Worker is held against openapi.json: its status, headers and body must be declared, and a field
// that is not declared is a fault.

interface Content {
  schema: Schema;
}

interface Declared {
  headers: Record<string, { required?: boolean; schema: Schema }>;
  content?: Record<string, Content>;
}

interface Operation {
  method: string;
  pattern: RegExp;
  name: string;
  responses: Record<string, Declared>;
  events?: Record<string, { data: Schema }>;
}

const SELF = "https://xabar.test/openapi.json";
// biome-ignore lint/suspicious/noExplicitAny: the generator's tests know its shape
const { paths, components }: any = JSON.parse(
  JSON.stringify(document).replaceAll('"#/components/schemas/', `"${SELF}#/$defs/`),
);
const lookup = dereference({ $id: SELF, $defs: components.schemas });

/** Replaces `{$ref: "#/components/…/<name>"}` by what it refers to. */
const resolve = <T>(value: T | { $ref: string }, kind: string): T =>
  value !== null && typeof value === "object" && "$ref" in value
    ? components[kind][value.$ref.split("/").at(-1)!]
    : value;

const toDeclared = (response: Declared): Declared => {
  const { headers = {}, content } = resolve(response, "responses");
  const named = Object.entries(headers).map(([name, each]) => [name.toLowerCase(), resolve(each, "headers")]);
  return { headers: Object.fromEntries(named), ...(content ? { content } : {}) };
};

// A parameter of `/files/{key}` has slashes; each of the others is one segment.
const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll("{key}", ".+").replace(/\{\w+\}/g, "[^/]+")}/?$`);

const operations: Operation[] = Object.entries<
  Record<string, Operation & { "x-events"?: Operation["events"] }>
>(paths)
  // A fixed segment goes before a parameter.
  .sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses, "x-events": events }]) => ({
      method: method.toUpperCase(),
      pattern: toPattern(path),
      name: `${method.toUpperCase()} ${path}`,
      responses: Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [status, toDeclared(response)]),
      ),
      ...(events ? { events } : {}),
    })),
  );

/** Of any response: what platform/headers.ts sets, and the framing of HTTP. */
const COMMON = new Set([
  "access-control-allow-credentials",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "allow",
  "cache-control",
  "content-length",
  "content-type",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "origin-agent-cluster",
  "referrer-policy",
  "strict-transport-security",
  "vary",
  "x-content-type-options",
  "x-dns-prefetch-control",
  "x-download-options",
  "x-frame-options",
  "x-permitted-cross-domain-policies",
  "x-xss-protection",
]);

const ERROR = { $ref: `${SELF}#/$defs/ErrorResponse` };

/** The responses to what is no operation: to an unknown path or method, and, over a limit, to any request. */
const NO_OPERATION: Record<string, Declared> = Object.fromEntries(
  ["400", "401", "404", "405", "429"].map((status) => [
    status,
    {
      headers: {
        ...toDeclared(components.responses.Unauthenticated).headers,
        ...toDeclared(components.responses.TooManyRequests).headers,
      },
      content: { "application/json": { schema: ERROR } },
    },
  ]),
);
NO_OPERATION[400]!.content!["application/json"]!.schema = { $ref: `${SELF}#/$defs/InvalidResponse` };

/** The validity of a value under a schema of the document, as faults. */
function faultsOf(value: unknown, schema: Schema): string[] {
  schema.$id ??= `https://xabar.test/schemas/${crypto.randomUUID()}`;
  if (!lookup[schema.$id]) dereference(schema, lookup);
  const { errors } = validate(value, schema, "2020-12", lookup, false);
  // Not the schemas around the one that failed.
  const isInner = (at: string) =>
    !errors.some(({ instanceLocation }) => instanceLocation.startsWith(`${at}/`));
  return errors
    .filter(({ instanceLocation, keyword }) => keyword !== "$ref" && isInner(instanceLocation))
    .map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

/** The best examples so far, while they are recorded: `npm run openapi -- --record`. */
const examples: Examples = new Map();
const isRecording = env.TEST_RECORD !== "";

/** Hands the recorded examples to vitest.config.ts. */
export async function sendExamples(): Promise<void> {
  if (!isRecording) return;
  const body = JSON.stringify([...examples]);
  await fetch("https://record.test/", { method: "POST", body });
}

/** The faults of the document's own examples. */
export function exampleFaults(): string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (value === null || typeof value !== "object") return;
    const { example, schema, data } = value as { example?: unknown; schema?: Schema; data?: Schema };
    if (example !== undefined) {
      found.push(...faultsOf(example, (schema ?? data)!).map((fault) => `${path}: ${fault}`));
      return;
    }
    for (const [name, each] of Object.entries(value)) visit(each, `${path} ${name}`);
  };
  visit(paths, "");
  visit(components.responses, "");
  return found;
}

/** What has been found since the last `takeFaults`. */
const faults: string[] = [];

/** Returns and forgets the faults of all answers that were read so far. */
export const takeFaults = (): string[] => faults.splice(0);

interface Fetching {
  fetch(request: Request, ...rest: never[]): Response | Promise<Response>;
}

const held = new WeakSet<object>();

/** Holds every answer of an app against the document, however a test asks for it. Repeating it changes nothing. */
export function holdAnswers(app: object): void {
  if (held.has(app)) return;
  held.add(app);
  const answering = app as Fetching;
  const answer = answering.fetch;
  answering.fetch = async (request, ...rest) => {
    const sent = isRecording ? request.clone() : null;
    const response = await answer(request, ...rest);
    const operation = operationOf(request);
    if (sent && operation && response.ok) await recordRequest(operation, sent);
    return hold(request, operation, response);
  };
}

function operationOf({ method, url }: Request): Operation | undefined {
  const path = new URL(url).pathname;
  return operations.find(
    (each) => each.method === (method === "HEAD" ? "GET" : method) && each.pattern.test(path),
  );
}

async function recordRequest({ name }: Operation, request: Request): Promise<void> {
  if (!request.headers.get("content-type")?.includes("json")) return;
  const body = await request.json().catch(() => null);
  if (body !== null) addExample(examples, `${name} request`, body);
}

/** Holds an answer against the document. @returns the answer, unread */
function hold(request: Request, operation: Operation | undefined, response: Response): Response {
  const { method } = request;
  const path = new URL(request.url).pathname;
  const { status, headers } = response;
  const isPage = /^\/app(\/|$)/.test(path) && status < 400;
  if (method === "OPTIONS" || isPage) return response;
  const name = `${operation?.name ?? `${method} ${path}`} ${status}`;
  const report = (found: string[]) => faults.push(...found.map((fault) => `${name}: ${fault}`));
  const declared = (operation?.responses ?? NO_OPERATION)[status];
  if (!declared) {
    report(["the status is not declared"]);
    return response;
  }
  report(headerFaults(headers, declared));
  if (method === "HEAD" || response.body === null) return response;
  const type = headers.get("content-type")?.split(";")[0] ?? "none";
  const content = declared.content?.[type] ?? declared.content?.["*/*"];
  if (!content) report([`a body of ${type} is not declared`]);
  else if (type === "text/event-stream") return passOn(response, eventsOf(operation?.events ?? {}, report));
  else if (type === "application/json") {
    let text = "";
    const check = () => {
      const body = JSON.parse(text);
      report(faultsOf(body, content.schema));
      if (isRecording && operation) addExample(examples, name, body);
    };
    return passOn(response, { take: (part) => (text += part), end: check });
  }
  return response;
}

function headerFaults(headers: Headers, declared: Declared): string[] {
  const unknown = [...headers.keys()].filter((name) => !declared.headers[name] && !COMMON.has(name));
  const wrong = Object.entries(declared.headers).flatMap(([name, { required, schema }]) => {
    const value = headers.get(name);
    if (value === null) return required ? [`the header ${name} is missing`] : [];
    return faultsOf(value, schema).map((fault) => `the header ${name}: ${fault}`);
  });
  return [...unknown.map((name) => `the header ${name} is not declared`), ...wrong];
}

interface Reader {
  take(text: string): void;
  end(): void;
}

/** Parts of a body that are read ahead of its reader: an answer that nobody reads is checked, too. */
const AHEAD = 4;

/** Passes a body on, and shows it to a reader. */
function passOn(response: Response, reader: Reader): Response {
  const decoder = new TextDecoder();
  const watch = new TransformStream<Uint8Array, Uint8Array>(
    {
      transform(chunk, controller) {
        reader.take(decoder.decode(chunk, { stream: true }));
        controller.enqueue(chunk);
      },
      flush: () => reader.end(),
    },
    undefined,
    { highWaterMark: AHEAD },
  );
  return new Response(response.body!.pipeThrough(watch), response);
}

/** Checks the events of a stream. */
function eventsOf(events: NonNullable<Operation["events"]>, report: (found: string[]) => void): Reader {
  let text = "";
  const check = (block: string) => {
    const [event, data] = ["event", "data"].map(
      (field) => new RegExp(`^${field}: ?(.*)$`, "m").exec(block)?.[1],
    );
    if (data === undefined) return;
    const declared = events[event ?? ""];
    if (!declared) report([`the event ${event} is not declared`]);
    else report(faultsOf(JSON.parse(data), declared.data).map((fault) => `${event}: ${fault}`));
    if (isRecording) addExample(examples, `event ${event}`, JSON.parse(data));
  };
  return {
    take(part) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) check(block);
    },
    end: () => {},
  };
}
