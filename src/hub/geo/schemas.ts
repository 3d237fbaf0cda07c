import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";

const NO_NUMBER = "A valid number is required.";
const MAX_DECIMALS = 6;

/** A text of digits, as a number's or as it was given; a problem as { message }. */
function read(value: unknown): { whole: string; decimals: string | undefined; sign: string } | null {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  // A small number is written with an exponent: it has more decimals than are taken.
  const plain = /^-?[\d.]+e-\d+$/.test(text) ? Number(text).toFixed(20) : text;
  const [, sign = "", whole = "", decimals] = /^([+-]?)(\d{0,20})(?:\.(\d{0,30}))?$/.exec(plain) ?? [];
  return whole || decimals ? { sign, whole, decimals } : null;
}

/**
 * Degrees, as a text or as a number. Parsed to the text as it was given, but for a plus, zeros in front, and a point that
 * lacks digits to a side.
 */
const degrees = (most: number) =>
  z.pipe(
    z.unknown(),
    z.transform((value, { issues }): string => {
      const refuse = (message: string) => {
        issues.push({ code: "custom", message, input: value });
        return "";
      };
      const digits = read(value);
      if (!digits) return refuse(NO_NUMBER);
      const whole = digits.whole.replace(/^0+(?=\d)/, "") || "0";
      const decimals = digits.decimals ? `.${digits.decimals}` : "";
      const number = Number(`${digits.sign}${whole}${decimals}`);
      if (decimals.length > MAX_DECIMALS + 1)
        return refuse(`Ensure that there are no more than ${MAX_DECIMALS} decimal places.`);
      if (number > most) return refuse(`Ensure this value is less than or equal to ${most}.`);
      if (number < -most) return refuse(`Ensure this value is greater than or equal to ${-most}.`);
      return `${number < 0 ? "-" : ""}${whole}${decimals}`;
    }),
  );

/** A position in decimal degrees. */
export const LocationInput = lazy(() => z.object({ lat: degrees(90), long: degrees(180) }));
export type LocationInput = Infer<typeof LocationInput>;

/** In kilometres. */
const MAX_DISTANCE = 100;

export const DistanceParam = lazy(() =>
  z.object({
    distance: z.pipe(
      z.pipe(z.string().check(z.regex(/^-?\d{1,15}(\.\d{1,15})?$/, NO_NUMBER)), z.transform(Number)),
      z
        .number()
        .check(
          z.gt(0, "Ensure this value is greater than 0."),
          z.lte(MAX_DISTANCE, `Ensure this value is less than or equal to ${MAX_DISTANCE}.`),
        ),
    ),
  }),
);
