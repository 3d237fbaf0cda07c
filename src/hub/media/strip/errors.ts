/** A file that is refused, with the sentence for its field. */
export class RefusedFile extends Error {}

/** The refusal of a file that ends too early, or whose parts do not fit together. */
export const damaged = (): RefusedFile =>
  new RefusedFile("The file you uploaded is corrupted, or it is not what it begins like.");
