/** A server under load. */
export interface Target {
  name: string;
  /** Its origin, without a slash at the end. */
  url: string;
  /** The processes that it consists of. */
  pids(): number[];
}
