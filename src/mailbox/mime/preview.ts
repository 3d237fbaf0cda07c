import { excerpt } from "../../lib/text.ts";
import type { Body } from "./body.ts";

/** The first words of a body, for lists: at most 200 characters on one line; empty if there are none. */
export const previewOf = ({ text, html }: Body): string =>
  (text === null ? null : excerpt(text, false)) ?? (html === null ? null : excerpt(html, true)) ?? "";
