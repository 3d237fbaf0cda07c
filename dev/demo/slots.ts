import type { Language, Person } from "./data.ts";
import type { Random } from "./random.ts";

/** Values for all slots that the texts of a language can contain. */
export function slotsFor(
  random: Random,
  { locale, words, price }: Language,
  { person, staff }: { person: Person; staff: string },
): Record<string, string> {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const quantity = random.int(5, 240) * 10;
  const perKilogram = pricePerKilogram(random, price);
  const [day, later] = random.sample(words.day, 2);
  return {
    customer: firstName(person.name),
    us: firstName(staff),
    company: person.company,
    product: random.pick(words.product),
    service: random.pick(words.service),
    city: random.pick(words.city),
    reason: random.pick(words.reason),
    day: day!,
    later: later!,
    time: `${random.int(9, 17)}:${random.pick(["00", "15", "30", "45"])}`,
    qty: number.format(quantity),
    price: `${number.format(perKilogram)} ${price.unit}`,
    total: `${number.format(quantity * perKilogram)} ${price.unit}`,
    fee: number.format(random.int(12, 190) * 10),
    percent: `${random.int(3, 15)}`,
    weeks: `${random.int(2, 6)}`,
    years: `${random.int(5, 12)}`,
    order: `${random.int(1000, 9999)}`,
    invoice: `INV-${random.int(10000, 99999)}`,
    container: `${random.pick(["MSKU", "TCLU", "HLXU"])} ${random.int(100000, 999999)}-${random.int(0, 9)}`,
    plate: `${random.pick(["01", "10", "30", "40", "60"])} ${random.int(100, 999)} ${random.pick(["AAA", "BKA", "HTA", "KDA"])}`,
  };
}

/** In the local currency, with at most two decimals. */
export const pricePerKilogram = (random: Random, { min, max, step }: Language["price"]): number =>
  Number((random.int(min, max) * step).toFixed(2));

const firstName = (name: string) => name.split(" ")[0]!;
