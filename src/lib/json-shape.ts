/** Limits of a JSON text, checked before parsing: a value takes far more memory than its characters. */
export interface JsonLimits {
  /** Maximum nesting of arrays and objects. */
  depth: number;
  /** Maximum total of arrays, objects and their members. */
  values: number;
}

/**
 * Checks a JSON text against limits without parsing it. Characters inside strings do not count.
 * @returns the exceeded limit as a predicate for an error message; null within the limits, even for invalid JSON
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
