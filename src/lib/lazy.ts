import type * as z from "zod/mini";

/**
 * Makes a function that builds a value at its first call and returns the same one ever after. Schemas are made this
 * way, so that the start of the Worker builds none.
 */
export function lazy<T extends object>(build: () => T): () => T {
  let built: T | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

/** The type of the values that a lazy schema returns. */
export type Infer<Schema extends () => z.ZodMiniType> = z.infer<ReturnType<Schema>>;
