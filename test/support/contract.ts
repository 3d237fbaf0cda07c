import { env } from "cloudflare:workers";
import type { Schema } from "@cfworker/json-schema";
import { addExample, type Examples } from "./examples.ts";
import { type Declared, type Document, EMS, type Operation } from "./openapi.ts";

// Every answer of the Worker is held against its document: its status, headers and body must be declared, and a field
// that is not declared is a fault.

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
  const { content, faultsOf } = EMS;
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
  visit(content.paths, "");
  visit(content.components.responses, "");
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

/** Holds every answer of an app against its document, however a test asks for it. Repeating it changes nothing. */
export function holdAnswers(app: object, document = EMS): void {
  if (held.has(app)) return;
  held.add(app);
  const answering = app as Fetching;
  const answer = answering.fetch;
  answering.fetch = async (request, ...rest) => {
    const sent = isRecording && document === EMS ? request.clone() : null;
    const response = await answer(request, ...rest);
    const operation = operationOf(request, document);
    if (sent && operation && response.ok) await recordRequest(operation, sent);
    return hold(request, operation, response, document);
  };
}

function operationOf({ method, url }: Request, { operations }: Document): Operation | undefined {
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
function hold(
  request: Request,
  operation: Operation | undefined,
  response: Response,
  document: Document,
): Response {
  const { others, faultsOf } = document;
  const { method } = request;
  const path = new URL(request.url).pathname;
  const { status, headers } = response;
  const isPage = /^\/app(\/|$)/.test(path) && status < 400;
  if (method === "OPTIONS" || isPage) return response;
  const name = `${operation?.name ?? `${method} ${path}`} ${status}`;
  const report = (found: string[]) => faults.push(...found.map((fault) => `${name}: ${fault}`));
  const declared = (operation?.responses ?? others)[status];
  if (!declared) {
    report(["the status is not declared"]);
    return response;
  }
  report(headerFaults(headers, declared, faultsOf));
  if (method === "HEAD" || response.body === null) return response;
  const type = headers.get("content-type")?.split(";")[0] ?? "none";
  const content = declared.content?.[type] ?? declared.content?.["*/*"];
  if (!content) report([`a body of ${type} is not declared`]);
  else if (type === "text/event-stream")
    return passOn(response, eventsOf(operation?.events ?? {}, report, faultsOf));
  else if (type === "application/json") {
    let text = "";
    const check = () => {
      const body = JSON.parse(text);
      report(faultsOf(body, content.schema));
      if (isRecording && operation && document === EMS) addExample(examples, name, body);
    };
    return passOn(response, { take: (part) => (text += part), end: check });
  }
  return response;
}

function headerFaults(headers: Headers, declared: Declared, faultsOf: Document["faultsOf"]): string[] {
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
function eventsOf(
  events: NonNullable<Operation["events"]>,
  report: (found: string[]) => void,
  faultsOf: Document["faultsOf"],
): Reader {
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
