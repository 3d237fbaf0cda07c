import { addressParser } from "postal-mime";
import type { Address } from "./parts.ts";

/** More recipients are not read. */
const MAX_ADDRESSES = 10_000;
const MAX_LENGTH = 250_000;

/** The addresses of a field such as To, with those of its groups. @param field unfolded, with its encoded words */
export const addressesOf = (field: string): Address[] =>
  addressParser(field.slice(0, MAX_LENGTH), { flatten: true })
    .slice(0, MAX_ADDRESSES)
    .map(({ name, address }) => ({ name, address: address ?? "" }))
    .filter(({ name, address }) => name !== "" || address !== "");
