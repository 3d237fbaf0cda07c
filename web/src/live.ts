/** Follows the live feed, and keeps what the page shows up to date. */
export function useLiveFeed(): void {}
