import { note, startWork, workFields, workId } from "./work.ts";

type Level = "info" | "warn" | "error";

/** The frames of an error's stack, without its message. */
const framesOf = ({ stack = "" }: Error): string[] =>
  stack.split("\n").flatMap((line) => (line.startsWith("    at ") ? [line.trim()] : []));

const describe = (error: unknown): unknown =>
  error instanceof Error
    ? {
        name: error.name,
        message: messageOf(error),
        stack: framesOf(error),
        ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
      }
    : error;

/**
 * Security: a SyntaxError quotes the text that could not be parsed. An error whose message may have text of others says
 * in `logged` what may be logged instead.
 */
const messageOf = (error: Error): unknown =>
  error instanceof SyntaxError ? "not shown" : (Reflect.get(error, "logged") ?? error.message);

/**
 * Mail addresses and JWTs. A path such as node_modules/@scope is no address. An address begins where a word begins:
 * looked for at every character, it would take a time that grows with the square of a long word.
 */
const SECRETS = /(?<![^\s"\\<>(),;:/])[^\s"\\<>(),;:/]*(?<!\/)@[^\s"\\<>(),;:]+|\beyJ[\w-]+(\.[\w-]*)*/g;

/**
 * Writes one line of JSON to the Worker's log, with the id of the request, batch or run. Never pass a URL (its query
 * or path may have a token), a header, or the content of a mail. Addresses and JWTs are masked.
 */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const { error, ...rest } = fields;
  const id = workId();
  const line = {
    level,
    event,
    ...(id === undefined ? {} : { id }),
    ...rest,
    ...(error === undefined ? {} : { error: describe(error) }),
  };
  console[level](JSON.stringify(line).replace(SECRETS, "***"));
}

/**
 * Runs a queue batch, an alarm or a cron run, which leaves one line: the fields, what `note` adds, milliseconds, and
 * rows. @throws what `run` throws, after logging it
 */
export const logged = (
  event: string,
  fields: Record<string, unknown>,
  run: () => Promise<void>,
): Promise<void> =>
  startWork(crypto.randomUUID(), async () => {
    const started = Date.now();
    try {
      await run();
    } catch (error) {
      note({ error });
      throw error;
    } finally {
      const noted = workFields();
      const level = noted.error === undefined ? "info" : "error";
      log(level, event, { ...fields, ms: Date.now() - started, ...noted });
    }
  });
