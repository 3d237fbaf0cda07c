/** Deliveries a second of one room from which on it slows its senders: about half of what one Object can do. */
export const SLOW_FROM = 5_000;
/** The longest wait between two messages of one sender, in seconds. */
const SLOWEST = 60;
const SECOND = 1000;
/** Refused frames in a row after which a socket is closed. */
const PATIENCE = 100;
/** In milliseconds: typing is told at most this often for each user. */
const TYPING_MS = 3_000;

interface Bucket {
  tokens: number;
  at: number;
  refused: number;
  /** When the last message was taken. */
  sentAt: number;
}

/** Slows down senders: each by a bucket of tokens, and all of them while a room has too much to deliver. In memory only. */
export class Pace {
  readonly #buckets = new Map<number, Bucket>();
  readonly #typed = new Map<number, number>();
  #second = 0;
  #deliveries = 0;
  #slowSeconds = 0;
  #toldSeconds = 0;

  /** How many seconds a sender must wait between two messages now; 0 if the room is not slowed. */
  get slowSeconds(): number {
    return this.#slowSeconds;
  }

  /**
   * Takes a frame of a user.
   * @param rate in frames a second; three times as many may come at once
   * @returns 0 if it is taken, else the seconds to wait; null for somebody who does not stop
   */
  take(user: number, rate: number, isMessage: boolean): number | null {
    const now = Date.now();
    this.#tick(now);
    const bucket = this.#bucketOf(user, rate, now);
    const slow = isMessage ? bucket.sentAt + this.#slowSeconds * SECOND - now : 0;
    if (bucket.tokens < 1 || slow > 0) {
      if (++bucket.refused > PATIENCE) return null;
      return Math.ceil(Math.max(slow / SECOND, (1 - bucket.tokens) / rate, 1));
    }
    bucket.tokens--;
    bucket.refused = 0;
    if (isMessage) bucket.sentAt = now;
    return 0;
  }

  /** Whether to tell that somebody is typing. */
  mayTellTyping(user: number): boolean {
    const now = Date.now();
    if (now - (this.#typed.get(user) ?? 0) < TYPING_MS) return false;
    this.#typed.set(user, now);
    return true;
  }

  /** Counts what was delivered. @returns true if the wait has changed since it last returned true: all are to be told */
  delivered(count: number): boolean {
    this.#deliveries += count;
    this.#tick(Date.now());
    if (this.#slowSeconds === this.#toldSeconds) return false;
    this.#toldSeconds = this.#slowSeconds;
    return true;
  }

  /** Forgets people who have left. */
  forget(user: number): void {
    this.#typed.delete(user);
  }

  /** Each second: slower while twice the limit is delivered, faster while less; one second is the least above the limit. */
  #tick(now: number): void {
    const second = Math.floor(now / SECOND);
    if (second === this.#second) return;
    const rate = this.#deliveries / (second - this.#second);
    const before = this.#slowSeconds;
    if (rate > 2 * SLOW_FROM) this.#slowSeconds = Math.min(SLOWEST, Math.max(1, before * 2));
    else if (rate > SLOW_FROM) this.#slowSeconds = Math.max(1, Math.floor(before / 2));
    else this.#slowSeconds = Math.floor(before / 2);
    this.#second = second;
    this.#deliveries = 0;
  }

  #bucketOf(user: number, rate: number, now: number): Bucket {
    const most = 3 * rate;
    const bucket = this.#buckets.get(user) ?? { tokens: most, at: now, refused: 0, sentAt: 0 };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / SECOND) * rate);
    bucket.at = now;
    this.#buckets.set(user, bucket);
    return bucket;
  }
}
