type Level = "info" | "warn" | "error";

/** The frames of an error's stack, without its message. */
const framesOf = ({ stack = "" }: Error): string[] =>
  stack.split("\n").flatMap((line) => (line.startsWith("    at ") ? [line.trim()] : []));

const describe = (error: unknown): unknown =>
  error instanceof Error
    ? {
        name: error.name,
        message: error.message,
        stack: framesOf(error),
        ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
      }
    : error;

/**
 * Writes one line of JSON to the Worker's log. Never pass a URL with its query (it may have a token), a header, or the
 * content of a mail.
 */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const { error, ...rest } = fields;
  const line = { level, event, ...rest, ...(error === undefined ? {} : { error: describe(error) }) };
  console[level](JSON.stringify(line));
}
