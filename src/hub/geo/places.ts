import { type SQL, sql } from "../../platform/d1/sql.ts";
import { distanceKm, type Position } from "./cells.ts";

/** A city must be this near. */
const MAX_KM = 50;
const MAX_DEGREES = 0.46;

/** A city of the table, as `placesNear` reads it. */
export type PlaceRow = { lat: number; long: number; city: string; country: string; population: number };

/** Reads the cities around a position, and some that are farther than 50 km. */
export const placesNear = (position: Position): SQL<PlaceRow> => sql<PlaceRow>`
  SELECT p.lat, p.long, p.city, p.country, p.population
  FROM json_each(${JSON.stringify(squaresAround(position))}) s CROSS JOIN hub_places p ON p.square = s.value`;

/** The squares of one degree that a city within 50 km may be in. */
function squaresAround({ lat, long }: Position): number[] {
  // The northernmost city of the world is at 78 degrees.
  if (Math.abs(lat) > 85) return [];
  const width = MAX_DEGREES / Math.cos(((Math.abs(lat) + MAX_DEGREES) * Math.PI) / 180);
  const squares: number[] = [];
  for (let row = Math.floor(lat + 90 - MAX_DEGREES); row <= lat + 90 + MAX_DEGREES; row++)
    for (let column = Math.floor(long + 180 - width); column <= long + 180 + width; column++)
      squares.push(row * 360 + ((column + 360) % 360));
  return squares;
}

/** @returns the city whose edge is nearest, of those within 50 km */
export function nearestPlace(position: Position, places: PlaceRow[]): PlaceRow | undefined {
  const found = places.map((place) => ({ place, km: distanceKm(position, place) }));
  const [nearest] = found
    .filter(({ km }) => km <= MAX_KM)
    .sort((a, b) => a.km - radiusKm(a.place) - (b.km - radiusKm(b.place)));
  return nearest?.place;
}

/** A guess: a city of a million people has 10 km from its middle to its edge. */
const radiusKm = ({ population }: PlaceRow): number => Math.min(Math.sqrt(population) / 100, 25);
