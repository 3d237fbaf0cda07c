import { lazy } from "./lazy.ts";

/** The longest emoji that is taken: a flag of a region, or a heart of two people, needs more than one of a face. */
const MAX_BYTES = 16;

const ONLY_PARTS = /^[\p{Extended_Pictographic}\p{Emoji_Component}]+$/u;
/** A picture, two letters of a flag, or a keycap. What is left of `Emoji_Component` is no emoji by itself. */
const HAS_EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[#*0-9]\u{FE0F}?\u{20E3}/u;

const graphemes = lazy(() => new Intl.Segmenter("en", { granularity: "grapheme" }));

/** True for exactly one emoji of at most 16 bytes in UTF-8, as a person counts: 👍🏽 and 🇺🇿 are one. */
export const isEmoji = (text: string): boolean =>
  new TextEncoder().encode(text).length <= MAX_BYTES &&
  ONLY_PARTS.test(text) &&
  HAS_EMOJI.test(text) &&
  [...graphemes().segment(text)].length === 1;
