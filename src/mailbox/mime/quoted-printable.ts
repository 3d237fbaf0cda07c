const LF = 10;
const CR = 13;
const EQUALS = 61;

/** More than this is not the end of a line: it is passed on as it stands, so that memory stays bounded. */
const MAX_HELD = 1000;

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

/** The value of each hexadecimal digit; -1 for all other bytes. */
const DIGITS = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  DIGITS[digit.charCodeAt(0)] = DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Decodes quoted-printable that comes in pieces (RFC 2045 section 6.7). What is no valid escape stands for itself, and
 * blanks at the end of a line are no part of it.
 */
export class QuotedPrintableDecoder {
  /** The beginning of an escape or of blanks, whose rest has not come. */
  #held: Uint8Array = new Uint8Array(0);

  write(encoded: Uint8Array): Uint8Array<ArrayBuffer> {
    const input = new Uint8Array(this.#held.length + encoded.length);
    input.set(this.#held);
    input.set(encoded, this.#held.length);
    return this.#decode(input, false);
  }

  end(): Uint8Array<ArrayBuffer> {
    return this.#decode(this.#held, true);
  }

  #decode(input: Uint8Array, isLast: boolean): Uint8Array<ArrayBuffer> {
    const decoded = new Uint8Array(input.length);
    let length = 0;
    let at = 0;
    while (at < input.length) {
      const byte = input[at]!;
      if (byte !== EQUALS && !isBlank(byte)) {
        decoded[length++] = byte;
        at++;
        continue;
      }
      const end = endOfBlanks(input, byte === EQUALS ? at + 1 : at);
      const isOpen = end === input.length || (input[end] === CR && end + 1 === input.length);
      const isShortEscape = byte === EQUALS && input.length - at < 3;
      if ((isOpen || isShortEscape) && !isLast && input.length - at <= MAX_HELD) break;
      const isLineEnd =
        input[end] === LF || (input[end] === CR && input[end + 1] === LF) || (isLast && end === input.length);
      if (byte === EQUALS) {
        const code = end === at + 1 ? codeAt(input, end) : -1;
        if (code >= 0) {
          decoded[length++] = code;
          at += 3;
        } else if (isLineEnd) {
          at = Math.min(input.length, end + (input[end] === CR ? 2 : 1));
        } else {
          decoded[length++] = byte;
          at++;
        }
      } else {
        if (!isLineEnd) {
          decoded.set(input.subarray(at, end), length);
          length += end - at;
        }
        at = end;
      }
    }
    this.#held = input.slice(at);
    return decoded.subarray(0, length);
  }
}

function endOfBlanks(input: Uint8Array, from: number): number {
  let end = from;
  while (end < input.length && isBlank(input[end])) end++;
  return end;
}

/** The byte that two hexadecimal digits stand for; -1 without them. */
function codeAt(input: Uint8Array, at: number): number {
  if (at + 1 >= input.length) return -1;
  const high = DIGITS[input[at]!]!;
  const low = DIGITS[input[at + 1]!]!;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}
