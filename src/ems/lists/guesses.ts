// A list needs to know the accounts of its companies before it can be read. To save that round trip, it is read from a
// guess: what the accounts were last time. The same transaction reads what they are now. If the guess was wrong, its
// rows are discarded and the list is read again. So a guess costs rows at most, and is never an answer.

/** What an isolate keeps: at most this many guesses, and this many characters of keys and guesses. */
const MAX_GUESSES = 2000;
const MAX_CHARACTERS = 4_000_000;
/** One caller may have hundreds of companies. */
const MAX_LENGTH = 200_000;

/** Texts by key, within bounds. The oldest are dropped first. */
export class Guesses {
  readonly #texts = new Map<string, string>();
  #characters = 0;

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  set(key: string, text: string): void {
    this.#remove(key);
    const length = key.length + text.length;
    if (length > MAX_LENGTH) return;
    this.#texts.set(key, text);
    this.#characters += length;
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MAX_GUESSES && this.#characters <= MAX_CHARACTERS) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const text = this.#texts.get(key);
    if (text === undefined) return;
    this.#texts.delete(key);
    this.#characters -= key.length + text.length;
  }
}
