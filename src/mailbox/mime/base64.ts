/** The value of each letter of the alphabet (RFC 2045 section 6.8), the pad as 64, and 65 for all other bytes. */
const VALUES = new Uint8Array(256).fill(65);
for (const [at, letter] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="].entries())
  VALUES[letter.charCodeAt(0)] = at;

/**
 * Decodes base64 that comes in pieces. Other characters are skipped; the first pad ends the data, so that a footer added
 * by a gateway is not taken for more of it.
 */
export class Base64Decoder {
  #bits = 0;
  #letters = 0;
  #isOver = false;

  write(encoded: Uint8Array): Uint8Array<ArrayBuffer> {
    const decoded = new Uint8Array(Math.ceil((encoded.length * 3) / 4) + 3);
    let length = 0;
    for (let at = 0; at < encoded.length && !this.#isOver; at++) {
      const value = VALUES[encoded[at]!]!;
      if (value < 64) {
        this.#bits = (this.#bits << 6) | value;
        if (++this.#letters < 4) continue;
        decoded[length++] = this.#bits >> 16;
        decoded[length++] = this.#bits >> 8;
        decoded[length++] = this.#bits;
        this.#bits = this.#letters = 0;
      } else if (value === 64 && this.#letters > 1) this.#isOver = true;
    }
    return decoded.subarray(0, length);
  }

  /** What is left of an incomplete group. */
  end(): Uint8Array<ArrayBuffer> {
    const bits = this.#bits << (6 * (4 - this.#letters));
    return Uint8Array.of(bits >> 16, bits >> 8).subarray(0, Math.max(0, this.#letters - 1));
  }
}
