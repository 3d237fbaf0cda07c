/** The companies of all tokens that tests have signed. */
export const companiesSeen = new Set<number>();
