/** A server under load. */
export interface Target {
  name: string;
  /** Its origin, without a trailing slash. */
  url: string;
  /** Its processes. */
  pids(): number[];
}
