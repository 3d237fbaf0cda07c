/** True for an error of a statement that would have given two rows the same unique value. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message.includes("UNIQUE constraint failed") || isUniqueViolation(error.cause));
