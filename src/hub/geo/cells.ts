/** Latitude and longitude, in degrees. */
export interface Position {
  lat: number;
  long: number;
}

/** How many cells a degree has, from south to north. */
export type Grid = typeof FINE | typeof WIDE;
export const FINE = 100;
export const WIDE = 10;

/** More than half of the diagonal of a wide cell. */
export const WIDE_REACH_KM = 8;

const EARTH_KM = 6371.0088;
const KM_A_DEGREE = (EARTH_KM * Math.PI) / 180;
const toRadians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along the surface, in kilometres. */
export function distanceKm(a: Position, b: Position): number {
  const height = Math.sin(toRadians(b.lat - a.lat) / 2) ** 2;
  const width = Math.sin(toRadians(b.long - a.long) / 2) ** 2;
  const half = height + Math.cos(toRadians(a.lat)) * Math.cos(toRadians(b.lat)) * width;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(half, 1)));
}

// A cell is one step of the grid high. Up to 60 degrees of latitude it is as wide, in degrees. Nearer to the poles, where
// that would be a few metres, it is several steps wide: so it never is much narrower than half its height. Its number
// is that of its row, times the steps of a row, plus its first step. A row begins at the antimeridian.

const stepsOf = (grid: Grid): number => 360 * grid;

/** Positions are in whole millionths of a degree: so a position on a border is in the same cell each time. */
const stepOf = (degrees: number, grid: Grid): number => Math.floor(Math.round(degrees * 1e6) / (1e6 / grid));

const rowOf = (lat: number, grid: Grid): number => Math.min(stepOf(lat + 90, grid), 180 * grid - 1);

const latOf = (row: number, grid: Grid): number => (row + 0.5) / grid - 90;

/** The steps that a cell of a row is wide. It divides a row, so that no cell is narrower than the others. */
function widthOf(row: number, grid: Grid): number {
  let width = Math.floor(1 / Math.cos(toRadians(latOf(row, grid))));
  while (stepsOf(grid) % width !== 0) width--;
  return width;
}

/** The number of the cell that a position is in. */
export function cellOf({ lat, long }: Position, grid: Grid): number {
  const row = rowOf(lat, grid);
  const width = widthOf(row, grid);
  const step = stepOf(long + 180, grid) % stepsOf(grid);
  return row * stepsOf(grid) + Math.floor(step / width) * width;
}

/** The middle of a cell. */
export function centreOf(cell: number, grid: Grid): Position {
  const row = Math.floor(cell / stepsOf(grid));
  const step = cell % stepsOf(grid);
  return { lat: latOf(row, grid), long: (step + widthOf(row, grid) / 2) / grid - 180 };
}

/** The wide cell that a cell belongs to: the one that its middle is in. */
export const wideCellOf = (cell: number): number => cellOf(centreOf(cell, FINE), WIDE);

/** @returns the cells whose middle is at most so far from a position, the nearest first */
export function cellsWithin(from: Position, km: number, grid: Grid): number[] {
  const reach = km / KM_A_DEGREE;
  const first = rowOf(Math.max(from.lat - reach, -90), grid);
  const last = rowOf(Math.min(from.lat + reach, 90), grid);
  const found: { cell: number; km: number }[] = [];
  for (let row = first; row <= last; row++)
    for (const cell of cellsOfRow(row, from, km, grid))
      found.push({ cell, km: distanceKm(from, centreOf(cell, grid)) });
  return found.sort((a, b) => a.km - b.km).map(({ cell }) => cell);
}

function cellsOfRow(row: number, from: Position, km: number, grid: Grid): number[] {
  const half = halfOf(row, from, km, grid);
  if (half === null) return [];
  const width = widthOf(row, grid);
  const count = stepsOf(grid) / width;
  const nth = (long: number): number => ((long + 180) * grid) / width - 0.5;
  const first = Math.ceil(nth(from.long - half));
  const last = Math.min(Math.floor(nth(from.long + half)), first + count - 1);
  const cells: number[] = [];
  for (let each = first; each <= last; each++)
    cells.push(row * stepsOf(grid) + ((each + count) % count) * width);
  return cells;
}

/** How many degrees of longitude a circle covers to each side on the middle line of a row; null for none. */
function halfOf(row: number, from: Position, km: number, grid: Grid): number | null {
  const lat = latOf(row, grid);
  const rest = Math.sin(km / EARTH_KM / 2) ** 2 - Math.sin(toRadians(lat - from.lat) / 2) ** 2;
  if (rest < 0) return null;
  const scale = Math.cos(toRadians(lat)) * Math.cos(toRadians(from.lat));
  // Around a pole, a circle covers the whole row.
  return rest >= scale ? 180 : (2 * Math.asin(Math.sqrt(rest / scale)) * 180) / Math.PI;
}
