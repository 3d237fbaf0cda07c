/** A server under load. */
export interface Target {
  name: string;
  /** Its origins, without a trailing slash. With several, each has companies of its own: see `urlOf`. */
  urls: string[];
  /** Its processes. */
  pids(): number[];
}

/** The origin that answers for a company. Companies are numbered from 1. */
export const urlOf = ({ urls }: Pick<Target, "urls">, company: number): string =>
  urls[(company - 1) % urls.length] ?? "";
