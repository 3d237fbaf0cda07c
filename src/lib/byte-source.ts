/** A file that is refused, with the sentence for its field. */
export class RefusedFile extends Error {}

/** The refusal of a file that ends too early, or whose parts do not fit together. */
export const damaged = (): RefusedFile =>
  new RefusedFile("The file you uploaded is corrupted, or it is not what it begins like.");

/** The bytes of a file, read once from its start to its end. Holds one chunk, and what `peek` and `take` need. */
export class Source {
  readonly #chunks: AsyncIterator<Uint8Array, void>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterator<Uint8Array, void>) {
    this.#chunks = chunks;
  }

  /** The unread bytes at hand, at least one; null at the end. They stay unread until `advance`. */
  async piece(): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return null;
      this.#rest = value;
    }
    return this.#rest;
  }

  /** Counts bytes of a piece as read. */
  advance(length: number): void {
    this.#rest = this.#rest.subarray(length);
  }

  /** Looks at the next bytes, fewer at the end, and leaves them unread. @param length small */
  async peek(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let found = 0;
    for (let piece = await this.piece(); piece; piece = await this.piece()) {
      pieces.push(piece);
      found += piece.length;
      if (found >= length) break;
      this.advance(piece.length);
    }
    this.#rest = join(pieces, found);
    return this.#rest.subarray(0, length);
  }

  /** Reads bytes. @param length at most some 64 KB. @throws RefusedFile at the end of the file */
  async take(length: number): Promise<Uint8Array> {
    if (this.#rest.length < length && (await this.peek(length)).length < length) throw damaged();
    const taken = this.#rest.subarray(0, length);
    this.advance(length);
    return taken;
  }

  /** Yields bytes as they come. @param length Infinity for all. @throws RefusedFile at the end of the file */
  async *pass(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      const piece = (await this.piece())?.subarray(0, left);
      if (!piece) {
        if (left === Number.POSITIVE_INFINITY) return;
        throw damaged();
      }
      yield piece;
      this.advance(piece.length);
      left -= piece.length;
    }
  }

  /** Leaves bytes out. @throws RefusedFile at the end of the file */
  async skip(length: number): Promise<void> {
    for await (const _ of this.pass(length));
  }

  /** Yields zeros in place of bytes. @throws RefusedFile at the end of the file */
  async *blank(length: number): AsyncGenerator<Uint8Array, void> {
    for await (const { length: count } of this.pass(length)) yield* zeros(count);
  }
}

const ZEROS = 4096;

/** Zeros. */
export function* zeros(length: number): Generator<Uint8Array, void> {
  const block = new Uint8Array(Math.min(length, ZEROS));
  for (let left = length; left > 0; left -= block.length) yield block.subarray(0, left);
}

function join(pieces: Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length <= 1) return first ?? new Uint8Array();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Counts the parts of a file, so that a hostile one with millions of empty parts costs little. */
export function counter(most: number): () => void {
  let left = most;
  return () => {
    if (left-- <= 0) throw damaged();
  };
}

/** A number of bytes, the highest first. */
export const big = (bytes: Uint8Array, at: number, length: number): number => {
  let value = 0;
  for (let nth = 0; nth < length; nth++) value = value * 256 + (bytes[at + nth] ?? 0);
  return value;
};

/** Bytes as text, one character each. */
export const ascii = (bytes: Uint8Array, at = 0, length = bytes.length - at): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** Text of one byte a character, as bytes. */
export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
