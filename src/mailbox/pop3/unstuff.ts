const LF = 10;
const CR = 13;
const DOT = 46;

/**
 * Reads a multi-line response that comes in pieces (RFC 1939 section 3): it ends with a line of one dot, and a dot that
 * begins another line has a second one before it.
 */
export class Unstuffer {
  /** The beginning of a line that may still turn out to be the last one: a dot, and a CR perhaps. */
  #held: Uint8Array = new Uint8Array(0);
  #isLineStart = true;

  /**
   * @returns what the piece adds to the text, and after the end of the response what came behind it
   */
  write(piece: Uint8Array): { text: Uint8Array; rest?: Uint8Array } {
    const input = this.#withHeld(piece);
    const text = new Uint8Array(input.length);
    let length = 0;
    const take = (from: number, to: number) => {
      text.set(input.subarray(from, to), length);
      length += to - from;
    };
    let from = 0;
    for (let at = 0; at < input.length; ) {
      if (this.#isLineStart && input[at] === DOT) {
        take(from, at);
        const end = endOfResponse(input, at);
        if (end === undefined) {
          this.#held = input.slice(at);
          return { text: text.subarray(0, length) };
        }
        if (end > 0) return { text: text.subarray(0, length), rest: input.subarray(end) };
        from = at + 1;
      }
      const lf = input.indexOf(LF, at);
      this.#isLineStart = lf >= 0;
      at = lf < 0 ? input.length : lf + 1;
    }
    take(from, input.length);
    return { text: text.subarray(0, length) };
  }

  #withHeld(piece: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return piece;
    const input = new Uint8Array(this.#held.length + piece.length);
    input.set(this.#held);
    input.set(piece, this.#held.length);
    this.#held = new Uint8Array(0);
    return input;
  }
}

/**
 * Where a response ends whose line begins with a dot here. Some servers end lines with LF alone.
 * @returns 0 if it does not end here; undefined if that is not known yet
 */
function endOfResponse(input: Uint8Array, dot: number): number | undefined {
  const [next, afterNext] = [input[dot + 1], input[dot + 2]];
  if (next === LF) return dot + 2;
  if (next === undefined || (next === CR && afterNext === undefined)) return undefined;
  return next === CR && afterNext === LF ? dot + 3 : 0;
}
