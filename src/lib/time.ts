/** Now, in whole seconds since the epoch: the unit of every time that is stored. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/**
 * A stored time as the API shows it.
 * @param seconds since the epoch, UTC
 * @returns `YYYY-MM-DDTHH:MM:SSZ`, without a fraction
 */
export const toIso = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

/** As `toIso`, for a time that may not have come yet. */
export const toIsoOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : toIso(seconds);
