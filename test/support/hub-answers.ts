import { type Example, type Operation, operationOf } from "./hub-contract.ts";

// Every answer of the hub is compared with the example of its operation, in keys and types, and every error with the five
// shapes of the contract (lines 1990-2038).

/** Fields that we add. */
const ADDED = new Set(["my_like", "member_count", "unread_count", "last_message", "is_hidden"]);

/** Fields that have a value in the example and may be null, and why. */
const NULLABLE = new Set([
  // Nothing is chosen yet.
  ...["username", "profile_picture", "location", "status"],
  // A private chat has none, and a group need not have them.
  ...["name", "description", "profile_pic"],
  // The last page.
  "next",
  // Others see them only as contacts.
  ...["phone", "last_login", "last_online"],
  // The geocoder has not answered, or knows no more.
  ...["country", "city", "county", "neighbourhood"],
]);

/** Second statuses: what is there already is answered again. */
const AGAIN: Record<string, number[]> = {
  "POST /api/chat/files/": [200],
  "POST /api/chat/rooms/": [200],
  "POST /api/posts/views/": [200],
  "POST /api/stories/viewed/": [200],
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DEGREES = /^-?\d{1,3}(\.\d{1,6})?$/;

/** What a text must look like, by the text of the example. */
const FORMS: [example: RegExp, form: RegExp, name: string][] = [
  [TIME, TIME, "a time"],
  [/^(uuid-string|\w+-uuid)$/, UUID, "a UUID"],
  [/^https?:\/\/[^/]+\/media\//, /^https?:\/\/[^/]+\/(.+\/)?media\//, "a URL of media"],
  [DEGREES, DEGREES, "degrees"],
  [/^eyJ/, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/, "a token"],
];

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/** How a value differs from an example, in keys and types. @param at where it is, such as `[0].owner` */
export function differences(value: unknown, example: Example, at = ""): string[] {
  const name = /\w+$/.exec(at)?.[0] ?? "";
  // An example of null shows what is not there yet: a time, or the id of a comment.
  if (example === null) {
    const isFit =
      value === null || (typeof value === "string" && (name.endsWith("_at") ? TIME : UUID).test(value));
    return isFit ? [] : [`${at} is no text in the place of null`];
  }
  if (value === null && NULLABLE.has(name)) return [];
  const [type, expected] = [typeOf(value), typeOf(example)];
  if (type !== expected) return [`${at || "the body"} is of the type ${type}, not ${expected}`];
  if (Array.isArray(example)) {
    const item = example.at(-1);
    // An empty list shows no item.
    if (item === undefined) return [];
    return (value as unknown[]).flatMap((each, index) => differences(each, item, `${at}[${index}]`));
  }
  if (typeof example === "object") return ofObject(value as Record<string, unknown>, example, at);
  if (typeof example === "number")
    return name === "distance" || Number.isSafeInteger(value) ? [] : [`${at} is no integer`];
  const form = typeof example === "string" && FORMS.find(([pattern]) => pattern.test(example));
  return form && !form[1].test(String(value)) ? [`${at} is not ${form[2]}: ${value}`] : [];
}

function ofObject(value: Record<string, unknown>, example: Record<string, Example>, at: string): string[] {
  const path = (name: string) => (at ? `${at}.${name}` : name);
  const left = Object.keys(value).filter((name) => !(name in example) && !ADDED.has(name));
  return [
    ...left.map((name) => `${path(name)} is not in the contract`),
    ...Object.entries(example).flatMap(([name, each]) =>
      name in value ? differences(value[name], each, path(name)) : [`${path(name)} is missing`],
    ),
  ];
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** What is wrong with an error. */
function errorFaults(status: number, body: Record<string, unknown>, headers: Headers): string[] {
  const hasKeys = (...keys: string[]) => Object.keys(body).sort().join() === keys.sort().join();
  const isFit = () => {
    switch (status) {
      case 400: {
        const lists = Object.values((body.details as Record<string, unknown>) ?? {});
        const isListed =
          lists.length > 0 &&
          lists.every((list) => Array.isArray(list) && list.length > 0 && list.every(isText));
        return hasKeys("error", "details") && body.error === "Invalid request data" && isListed;
      }
      case 401:
      case 403:
        return hasKeys("detail") && isText(body.detail);
      case 404:
        return hasKeys("error") && body.error === "Resource not found";
      case 429: {
        const seconds = body.wait_seconds;
        const isWait = Number.isSafeInteger(seconds) && headers.get("retry-after") === String(seconds);
        return hasKeys("message", "wait_seconds") && body.message === "Request was throttled" && isWait;
      }
      case 500:
        return hasKeys("error") && body.error === "Internal server error occurred";
      case 503:
        return hasKeys("error") && isText(body.error);
      default:
        return false;
    }
  };
  return isFit() ? [] : [`the contract has no such error: ${JSON.stringify(body)}`];
}

const isUrl = (value: unknown): boolean =>
  value === null || (typeof value === "string" && URL.canParse(value));

/** What is wrong with a body, by the operation. A list with `page` has its array in `results`. */
function bodyFaults({ response }: Operation, body: unknown, isPaged: boolean): string[] {
  if (!isPaged || !Array.isArray(response)) return differences(body, response!);
  const { count, next, previous, results, ...left } = body as Record<string, unknown>;
  const isFit =
    Number.isSafeInteger(count) && isUrl(next) && isUrl(previous) && Object.keys(left).length === 0;
  return [...(isFit ? [] : ["a page is count, next, previous, results"]), ...differences(results, response)];
}

const faults: string[] = [];

/** Returns and forgets what was wrong with the answers so far. */
export const takeHubFaults = (): string[] => faults.splice(0);

interface Fetching {
  fetch(request: Request, ...rest: never[]): Response | Promise<Response>;
}

const holding = new WeakSet<object>();

/** Holds every answer of the app against the contract. Repeating it changes nothing. */
export function holdHub(app: object): void {
  if (holding.has(app)) return;
  holding.add(app);
  const answering = app as Fetching;
  const answer = answering.fetch;
  answering.fetch = async (request, ...rest) => {
    const response = await answer(request, ...rest);
    faults.push(...(await faultsOf(request, response.webSocket ? response : response.clone())));
    return response;
  };
}

async function faultsOf({ method, url }: Request, response: Response): Promise<string[]> {
  const { pathname, searchParams } = new URL(url);
  const { status, headers } = response;
  const name = `${method} ${pathname} ${status}`;
  const named = (found: string[]) => found.map((fault) => `${name}: ${fault}`);
  const isJson = headers.get("content-type")?.startsWith("application/json");
  // Files, answers without a body, and those that the contract does not have.
  if (
    method === "OPTIONS" ||
    method === "HEAD" ||
    status < 200 ||
    (pathname.startsWith("/media/") && !isJson)
  ) {
    await response.body?.cancel();
    return [];
  }
  const text = await response.text();
  if (status >= 400)
    return named(isJson ? errorFaults(status, JSON.parse(text), headers) : ["an error is JSON"]);
  const operation = operationOf(method, pathname);
  if (!operation) return [];
  if (status !== operation.status && !AGAIN[operation.name]?.includes(status))
    return named([`the contract says ${operation.status}`]);
  if (operation.response === undefined) return named(text === "" ? [] : ["the contract has no body here"]);
  if (!isJson) return named(["the contract has JSON here"]);
  const isPaged = searchParams.has("page") || searchParams.has("page_size");
  return named(bodyFaults(operation, JSON.parse(text), isPaged));
}
