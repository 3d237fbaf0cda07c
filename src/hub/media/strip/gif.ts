import { ascii, big, counter, damaged, type Source } from "../../../lib/byte-source.ts";

const IMAGE = 0x2c;
const EXTENSION = 0x21;
const TRAILER = 0x3b;
const APPLICATION = 0xff;
const CONTROL = 0xf9;

/** How often an animation repeats. Other applications' data describes or hides something: XMP, for one. */
const KEPT = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"]);

const MOST_BLOCKS = 50_000;

/** A GIF picture (version 89a) without comments and metadata, and without what comes after its end. @throws RefusedFile */
export async function* stripGif(source: Source): AsyncGenerator<Uint8Array, void> {
  const count = counter(MOST_BLOCKS);
  const head = await source.take(13);
  yield head;
  yield* source.pass(colours(head[10] ?? 0));
  let hasImage = false;
  for (;;) {
    count();
    const kind = await source.take(1);
    switch (big(kind, 0, 1)) {
      case TRAILER:
        if (!hasImage) throw damaged();
        yield kind;
        return;
      case IMAGE: {
        hasImage = true;
        const image = await source.take(9);
        yield kind;
        yield image;
        yield* source.pass(colours(image[8] ?? 0) + 1);
        yield* subBlocks(source);
        break;
      }
      case EXTENSION:
        yield* extension(source);
        break;
      default:
        throw damaged();
    }
  }
}

/** The length of a table of colours, by the flags that announce it. */
const colours = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

async function* extension(source: Source): AsyncGenerator<Uint8Array, void> {
  const label = big(await source.take(1), 0, 1);
  const name = label === APPLICATION ? ascii(await source.peek(12), 1) : "";
  const isKept = label === CONTROL || KEPT.has(name);
  if (isKept) yield Uint8Array.of(EXTENSION, label);
  for await (const piece of subBlocks(source)) if (isKept) yield piece;
}

/** Passes blocks of up to 255 bytes, each after its length, until one of length 0. */
async function* subBlocks(source: Source): AsyncGenerator<Uint8Array, void> {
  for (let ahead = 0; ; ) {
    const piece = await source.piece();
    if (!piece) throw damaged();
    // `ahead` is where the next length stands.
    let isEnd = false;
    while (ahead < piece.length && !isEnd) {
      isEnd = piece[ahead] === 0;
      ahead += 1 + (piece[ahead] ?? 0);
    }
    const read = Math.min(ahead, piece.length);
    yield piece.subarray(0, read);
    source.advance(read);
    if (isEnd) return;
    ahead -= read;
  }
}
