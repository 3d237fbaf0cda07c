import { env } from "cloudflare:workers";
import { dereference, type Schema, validate } from "@cfworker/json-schema";

// Every answer of the Email Service API is held against the contract as its origin wrote it: a client made from that file
// must be able to read it. Fields that we add are allowed; what the contract has must be there, in its form.

interface Operation {
  name: string;
  method: string;
  pattern: RegExp;
  /** The media types and schemas of each status; null for one without a body. */
  answers: Record<string, Record<string, Schema> | null>;
}

const SELF = "https://contract.test/openapi.json";

/** Turns OpenAPI 3.0 into JSON Schema: `nullable` is a type there, and references have another root. */
function toSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSchemas);
  if (value === null || typeof value !== "object") return value;
  const { nullable, $ref, ...rest } = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === "example" ? each : toSchemas(each)]),
  );
  if (typeof $ref === "string") return { $ref: $ref.replace("#/", `${SELF}#/`) };
  return nullable === true ? { ...rest, type: [rest.type, "null"] } : rest;
}

// biome-ignore lint/suspicious/noExplicitAny: a document of this shape
const contract: any = toSchemas(env.TEST_EMAIL_CONTRACT);
contract.$id = SELF;
const lookup = dereference(contract);

const resolve = (node: { $ref?: string }): unknown =>
  node.$ref === undefined
    ? node
    : node.$ref
        .slice(`${SELF}#/`.length)
        .split("/")
        .reduce((found, name) => found[name], contract);

/** The operations of the contract, by path and method. */
export const operations: Operation[] = Object.entries<Record<string, { responses: object }>>(contract.paths)
  // A fixed segment goes before a parameter.
  .sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}/?$`),
      answers: Object.fromEntries(
        Object.entries(responses).map(([status, response]) => {
          const { content } = resolve(response) as { content?: Record<string, { schema: Schema }> };
          const schemas = Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema]);
          return [status, content ? Object.fromEntries(schemas) : null];
        }),
      ),
    })),
  );

const ERROR: Schema = { $ref: `${SELF}#/components/schemas/ErrorResponse` };

/** What is wrong with a value, by the contract. */
function faultsOf(value: unknown, schema: Schema): string[] {
  const root: Schema = { $id: `https://contract.test/${crypto.randomUUID()}`, ...schema };
  dereference(root, lookup);
  const { errors } = validate(value, root, "2020-12", lookup, false);
  return errors
    .filter(({ keyword }) => !["$ref", "properties", "items", "allOf"].includes(keyword))
    .map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

const faults: string[] = [];
/** Names and statuses of the answers that were held, since the start. */
export const held = new Set<string>();

/** Returns and forgets what was wrong with the answers so far. */
export const takeContractFaults = (): string[] => faults.splice(0);

interface Fetching {
  fetch(request: Request, ...rest: never[]): Response | Promise<Response>;
}

const holding = new WeakSet<object>();

/** Holds every answer of the app against the contract. Repeating it changes nothing. */
export function holdContract(app: object): void {
  if (holding.has(app)) return;
  holding.add(app);
  const answering = app as Fetching;
  const answer = answering.fetch;
  answering.fetch = async (request, ...rest) => {
    const response = await answer(request, ...rest);
    return hold(request, response);
  };
}

async function hold(request: Request, response: Response): Promise<Response> {
  const { method } = request;
  if (method === "OPTIONS" || method === "HEAD") return response;
  const path = new URL(request.url).pathname;
  const operation = operations.find((each) => each.method === method && each.pattern.test(path));
  const { status, headers } = response;
  const name = `${operation?.name ?? `${method} ${path}`} ${status}`;
  held.add(name);
  const report = (found: string[]) => faults.push(...found.map((fault) => `${name}: ${fault}`));
  const type = headers.get("content-type")?.split(";")[0];
  if (status >= 400) {
    const body = (await response.clone().json()) as Record<string, unknown>;
    report(errorFaults(body));
    return response;
  }
  // Routes that we add, and parts of files, which the contract does not know.
  if (!operation || status === 206) return response;
  const answers = operation.answers[status];
  if (answers === undefined) report(["the contract has no such status"]);
  else if (answers === null) report(response.body === null ? [] : ["the contract has no body here"]);
  else if (!type || !answers[type]) report([`the contract has no ${type} here`]);
  else if (type === "application/json") report(faultsOf(await response.clone().json(), answers[type]));
  return response;
}

/** Ours always have all four fields, though two are optional in the contract. */
function errorFaults(body: Record<string, unknown>): string[] {
  const missing = ["error", "message", "code", "timestamp"].filter((name) => body[name] === undefined);
  return [...missing.map((name) => `the error has no ${name}`), ...faultsOf(body, ERROR)];
}
