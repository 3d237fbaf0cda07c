/** What a JSON text may be made of before it is parsed: each value costs far more memory than its characters do. */
export interface JsonLimits {
  /** Of arrays and objects in one another. */
  depth: number;
  /** Of arrays, objects and their members, in all. */
  values: number;
}

/**
 * Looks through a JSON text without parsing it. What stands in strings does not count.
 * @returns what there is too much of, as a sentence; null when it is within the limits, be it JSON or not
 */
export function findExcess(text: string, limits: JsonLimits): string | null {
  let depth = 0;
  let values = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      values++;
      if (++depth > limits.depth) return `is nested deeper than ${limits.depth} levels`;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
    else if (code === COMMA) values++;
    if (values > limits.values) return `has more than ${limits.values} values`;
  }
  return null;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
