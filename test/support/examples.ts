// The examples of openapi.json are real answers of the suite. What differs at each run is replaced, so that recording
// them again changes nothing, and so that no token, secret or address of a person gets into the document.

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const DATE = /\d{4}-\d\d-\d\d(?!T)/g;
/** Ids of the provider, codes and states: long, of letters and digits. */
const RANDOM = /(?<![\w-])(?=[\w-]*\d)(?!019b77d0-)[\w-]{20,}(?![\w-])/g;
const ADDRESS = /[\w.+-]+@([\w-]+\.)+\w+/g;

/** Values that are secret, signed or opaque, by the name of their field. */
const OPAQUE: Record<string, string> = {
  download_url: "https://xabar.example/files/attachments/1/2?X-Amz-Expires=3600&X-Amz-Signature=0a1b2c",
  grant_id: "grant-1",
  next_cursor: "MTc2OTg1MDAwMCAwMTliNzdk",
  position: "5u.1~1y2p0a",
  ticket: "w0Zc2mQp",
  url: "https://accounts.example/authorize?state=0a1b2c",
};

/** Longer ones would hide the page that they explain. */
const MAX_LENGTH = 3000;

/** Makes a body the same at each run. Of a list, the first item stays. */
export function normalise(body: unknown): unknown {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `019b77d0-3c00-7000-8000-${String(ids.size + 1).padStart(12, "0")}`);
    return ids.get(id)!;
  };
  const textOf = (text: string, name: string): string =>
    text
      .replace(UUID, idOf)
      .replace(RANDOM, (id) =>
        /[^\da-f]/.test(id) ? "2sLXQS2uAbm4" : "0a1b2c3d".repeat(8).slice(0, id.length),
      )
      .replace(DATE, "2026-01-31")
      .replace(TIME, "2026-01-31T09:00:00Z")
      .replace(ADDRESS, (address) =>
        /\d{4}|\.(com|uz|net|org)$/.test(address) ? "sales@demo.example" : address,
      )
      // Errors tell limits.
      .replace(/(?<![\w-])([a-z]*)\d{5,}(?![\w-])/gi, (all, word) =>
        ["detail", "message"].includes(name) ? all : `${word}1`,
      );
  const visit = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) return value.slice(0, 1).map((item) => visit(item, name));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, key)]));
    }
    if (typeof value === "number" && value > 99_999) return name === "timestamp" ? 1_769_850_000_000 : 1;
    if (typeof value !== "string") return value;
    if (name === "id" && value.includes("~")) return OPAQUE.position;
    return OPAQUE[name] ?? textOf(value, name);
  };
  return visit(body, "");
}

/** The better example of two: the one that shows more, of a length to read. Of two alike, always the same one. */
export function better(one: string | undefined, other: string): string | undefined {
  if (other.length > MAX_LENGTH || /eyJ[\w-]{10}|\\u00/.test(other)) return one;
  if (one === undefined) return other;
  const [a, b] = [shownBy(one), shownBy(other)];
  return a > b || (a === b && one <= other) ? one : other;
}

/** How many values an example has that say something. */
const shownBy = (json: string): number => json.match(/":(?!null|\[\]|""|\{\})/g)?.length ?? 0;

/** Examples by what they show: `GET /inbox 200`, `POST /drafts request`, `event presence`. */
export type Examples = Map<string, string>;

/** Adds a body to the examples, unless there is a better one. */
export function addExample(examples: Examples, name: string, body: unknown): void {
  const best = better(examples.get(name), JSON.stringify(normalise(body)));
  if (best !== undefined) examples.set(name, best);
}
