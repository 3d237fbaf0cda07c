import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

// A stand-in for a geocoder. It answers in the shape of Nominatim, and knows the cities of the hub's own table and some
// districts of Tashkent.

interface Place {
  lat: number;
  lon: number;
  city: string;
  country: string;
}

/** With the contract's example: 41.2995, 69.2401 is in Chilonzor. */
const DISTRICTS = [
  { lat: 41.2995, lon: 69.2401, county: "Yunusabad", neighbourhood: "Chilonzor" },
  { lat: 41.3111, lon: 69.2797, county: "Mirzo Ulugbek", neighbourhood: "Darxon" },
  { lat: 41.3661, lon: 69.2886, county: "Yunusabad", neighbourhood: "Yunusobod" },
  { lat: 41.2265, lon: 69.2205, county: "Sergeli", neighbourhood: "Sergeli" },
];

const MIGRATIONS = new URL("../migrations/hub/", import.meta.url);

function readPlaces(): Place[] {
  const file = readdirSync(MIGRATIONS).find((name) => name.endsWith("_place_rows.sql"));
  const text = readFileSync(new URL(file ?? "", MIGRATIONS), "utf8").replaceAll("''", "'");
  return [...text.matchAll(/^\[\d.*\](?=,?$)/gm)].map(([line]) => {
    const [, lat, lon, city, country] = JSON.parse(line) as [number, number, number, string, string, number];
    return { lat, lon, city, country };
  });
}

/** A failure at one position. */
export interface GeocoderFault {
  /** As asked, such as 41.300. */
  lat: string;
  lon: string;
  /** The delay of its answer. */
  delayMs?: number;
  /** Answers with this status. */
  status?: number;
  /** Answers with this body. */
  body?: string;
  /** How many requests. */
  times: number;
}

export interface Geocoder {
  fetch(request: Pick<Request, "url" | "method" | "headers" | "text">): Promise<Response>;
  /** As the server of dev/nylas wants it. */
  tick(): Promise<void>;
}

/**
 * Makes the stand-in. `POST /faults` takes a GeocoderFault. `GET /requests` with lat and lon answers with the headers of
 * each request for a position.
 */
export function createGeocoder(): Geocoder {
  let places: Place[] | undefined;
  const faults: GeocoderFault[] = [];
  const requests = new Map<string, Record<string, string>[]>();

  const reverse = async (query: URLSearchParams, headers: Headers): Promise<Response> => {
    const [lat, lon] = [query.get("lat") ?? "", query.get("lon") ?? ""];
    const key = `${lat},${lon}`;
    requests.set(key, [...(requests.get(key) ?? []), Object.fromEntries(headers)]);
    const fault = faults.find((each) => each.lat === lat && each.lon === lon && each.times-- > 0);
    if (fault?.delayMs) await sleep(fault.delayMs);
    if (fault?.status) return new Response("Bandwidth limit exceeded", { status: fault.status });
    if (fault?.body !== undefined) return new Response(fault.body);
    if (query.get("format") !== "jsonv2") return new Response("<reversegeocode/>");
    places ??= readPlaces();
    return Response.json(answerAt(Number(lat), Number(lon), places));
  };

  return {
    fetch: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname.endsWith("/reverse")) return reverse(searchParams, new Headers(request.headers));
      if (pathname === "/faults" && request.method === "POST") {
        faults.push(JSON.parse(await request.text()));
        return new Response();
      }
      if (pathname === "/requests")
        return Response.json(requests.get(`${searchParams.get("lat")},${searchParams.get("lon")}`) ?? []);
      return new Response("Not found", { status: 404 });
    },
    tick: async () => {},
  };
}

function answerAt(lat: number, lon: number, places: Place[]): object {
  const place = nearest(lat, lon, places, 0.5);
  if (!place) return { error: "Unable to geocode" };
  const district = place.city === "Tashkent" ? nearest(lat, lon, DISTRICTS, 0.05) : undefined;
  const address = {
    ...(district ? { neighbourhood: district.neighbourhood, county: district.county } : {}),
    city: place.city,
    country: place.country,
  };
  const display_name = Object.values(address).join(", ");
  return { place_id: 1, lat: String(lat), lon: String(lon), display_name, address };
}

function nearest<Spot extends { lat: number; lon: number }>(
  lat: number,
  lon: number,
  spots: Spot[],
  maxDegrees: number,
): Spot | undefined {
  const distance = (spot: Spot) =>
    Math.hypot(spot.lat - lat, (spot.lon - lon) * Math.cos((lat * Math.PI) / 180));
  const [best] = spots.toSorted((a, b) => distance(a) - distance(b));
  return best && distance(best) <= maxDegrees ? best : undefined;
}
