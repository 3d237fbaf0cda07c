import { pbkdf2Sync } from "node:crypto";
import type { RunningWorker } from "../support/worker.ts";
import { HUB_PEOPLE_PATH, type HubPerson } from "../units/billing.ts";

export const PASSWORD = "a long password of the bench";

/** People within 5 km of `CITY`, and those within 20 km of `DESERT`, who are hidden from all: so each cell is walked. */
export const IN_CITY = 3600;
const IN_DESERT = 40;

const CITY = { lat: 41.2995, long: 69.2401 };
const DESERT = { lat: 43, long: 62 };
/** Where half of the others are. */
const ELSEWHERE = [
  { lat: 39.6542, long: 66.9597 },
  { lat: 40.7821, long: 72.3442 },
  { lat: 39.7747, long: 64.4286 },
  { lat: 41.55, long: 60.6333 },
];

const FIRST_NAMES = [
  ...["Alisher", "Alina", "Aziz", "Bahodir", "Bekzod", "Dilshod", "Dilnoza", "Farhod", "Farida", "Gulnora"],
  ...["Hamid", "Ibrohim", "Jasur", "Kamola", "Laziz", "Malika", "Murod", "Nargiza", "Nodir", "Otabek"],
  ...["Rustam", "Sardor", "Shahzod", "Umida", "Zafar"],
];
const LAST_NAMES = [
  ...["Abdullayev", "Azimov", "Fayzullayev", "Haydarov", "Ismoilov", "Jalolov", "Karimov", "Mirzayev"],
  ...["Nazarov", "Olimov", "Qodirov", "Rahimov", "Saidov", "Toshmatov", "Umarov", "Xolmatov", "Yusupov"],
];

/** A person who is near `CITY`, and one who is in the desert. They are the last two. */
export interface Viewers {
  citizen: HubPerson;
  nomad: HubPerson;
}

/** People for one request. */
const PORTION = 2500;

/**
 * Inserts people. Of each 50, five have a private profile, and two of these have the citizen as contact. The citizen has
 * blocked one of the 50, and another has blocked the citizen.
 * @param count a multiple of 50
 */
export async function fillPeople(worker: RunningWorker, count: number): Promise<Viewers> {
  for (let first = 1; first <= count; first += PORTION) {
    const size = Math.min(PORTION, count - first + 1);
    await insert(
      worker,
      Array.from({ length: size }, (_, nth) => personOf(first + nth)),
    );
  }
  const password = hashOf(PASSWORD);
  const citizen = { ...personOf(count + 1), is_private: false, password, position: CITY };
  const nomad = { ...personOf(count + 2), is_private: false, password, position: DESERT };
  await insert(worker, [citizen, nomad]);
  await worker.hubDb.batch(
    [
      `INSERT INTO hub_contacts (owner_id, contact_id, created_at, updated_at)
       SELECT id, ?1, 0, 0 FROM hub_users WHERE id <= ?2 AND id % 50 IN (3, 13)`,
      `INSERT INTO hub_blocks (user_id, blocked_id, created_at)
       SELECT ?1, id, 0 FROM hub_users WHERE id <= ?2 AND id % 50 = 7`,
      `INSERT INTO hub_blocks (user_id, blocked_id, created_at)
       SELECT id, ?1, 0 FROM hub_users WHERE id <= ?2 AND id % 50 = 9`,
    ].map((sql) => worker.hubDb.prepare(sql).bind(citizen.id, count)),
  );
  return { citizen, nomad };
}

async function insert({ url }: RunningWorker, people: HubPerson[]): Promise<void> {
  const response = await fetch(`${url}${HUB_PEOPLE_PATH}`, { method: "POST", body: JSON.stringify(people) });
  const text = await response.text();
  if (!response.ok) throw new Error(`People were not inserted: ${response.status} ${text}`);
}

function personOf(id: number): HubPerson {
  // Each name occurs among those who are hidden, too.
  const first_name = FIRST_NAMES[Math.floor(id / 50) % FIRST_NAMES.length] ?? "";
  const last_name = LAST_NAMES[id % LAST_NAMES.length] ?? "";
  const position = positionOf(id);
  return {
    ...{ id, first_name, last_name, is_private: id % 10 === 3 || isHidden(id) },
    username: `${first_name.toLowerCase()}${id}`,
    ...(position ? { position } : {}),
  };
}

const isHidden = (id: number): boolean => id > IN_CITY && id <= IN_CITY + IN_DESERT;

function positionOf(id: number) {
  if (id <= IN_CITY) return around(CITY, 4.9 * Math.sqrt(id / IN_CITY), id);
  if (isHidden(id)) return around(DESERT, 20 * Math.sqrt((id - IN_CITY) / IN_DESERT), id);
  const place = ELSEWHERE[id % ELSEWHERE.length];
  return place && id % 100 < 50 ? around(place, 15 * Math.sqrt((id % 997) / 997), id) : undefined;
}

/** The golden angle, in radians: it spreads points evenly. */
const TURN = 2.399963;
const KM_A_DEGREE = 111.2;

function around({ lat, long }: { lat: number; long: number }, km: number, nth: number) {
  const degrees = km / KM_A_DEGREE;
  return {
    lat: lat + degrees * Math.sin(nth * TURN),
    long: long + (degrees * Math.cos(nth * TURN)) / Math.cos((lat * Math.PI) / 180),
  };
}

/** As Django hashes. The first sign-in replaces it by argon2id. */
function hashOf(password: string): string {
  const [salt, rounds] = ["bench", 1000];
  return `pbkdf2_sha256$${rounds}$${salt}$${pbkdf2Sync(password, salt, rounds, 32, "sha256").toString("base64")}`;
}
