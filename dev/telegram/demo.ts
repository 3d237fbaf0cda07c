import type { NewChat } from "./contract.ts";
import type { World } from "./world/world.ts";

/** Ali's two accounts, as the contract's examples have them. The second has two-step verification. */
export const DEMO_PHONES = ["998901234567", "998907654321"] as const;
export const DEMO_PASSWORD = "my2fapassword";

const [FIRST, SECOND] = DEMO_PHONES;
const BOTH = [...DEMO_PHONES];

/** Fifteen groups where freight is offered: twelve of one account each, three of both. */
const GROUPS: NewChat[] = [
  { title: "Logistika Uzbekistan", kind: "supergroup", username: "logistika_uz", members: BOTH },
  { title: "Yuk tashish", kind: "supergroup", username: "yuk_tashish", members: BOTH },
  { title: "Toshkent – Moskva yuklari", kind: "supergroup", username: "toshkent_moskva_yuk", members: BOTH },
  { title: "Fura haydovchilari", kind: "supergroup", username: "fura_haydovchilari", members: [FIRST] },
  { title: "Isuzu va Gazel xizmati", kind: "group", members: [FIRST] },
  { title: "Vodiy yuk markazi", kind: "supergroup", username: "vodiy_yuk", members: [FIRST], slowMode: 60 },
  { title: "Yuk birjasi", kind: "supergroup", username: "yuk_birjasi", members: [FIRST], isForum: true },
  { title: "Dispetcherlar (yopiq)", kind: "supergroup", members: [FIRST] },
  {
    ...{ title: "Samarqand logistika", kind: "supergroup", username: "samarqand_logistika" },
    ...{ members: [FIRST], isForum: true, isClosed: true },
  },
  { title: "VIP yuk e’lonlari", kind: "supergroup", username: "vip_yuk", members: [FIRST], price: 10 },
  { title: "Buxoro – Navoiy yuk", kind: "supergroup", username: "buxoro_navoiy_yuk", members: [SECOND] },
  { title: "Refrijerator yuklar", kind: "supergroup", username: "ref_yuklar", members: [SECOND] },
  { title: "Qozog‘iston yo‘nalishi", kind: "supergroup", members: [SECOND] },
  { title: "Eski mashinalar arxivi", kind: "supergroup", members: [SECOND], isArchived: true },
];

/** It became a supergroup: the old group is still listed. */
const MIGRATED: NewChat = { title: "Andijon yuk guruhi", kind: "group", members: [SECOND] };

/** What the same accounts see besides, and where nothing may ever be posted. */
const OTHERS: NewChat[] = [
  { title: "Logistika yangiliklari", kind: "channel", username: "logistika_yangiliklari", members: BOTH },
  { title: "Dilnoza", kind: "user", members: [FIRST] },
];

/** Fills an empty world with Ali, his accounts and their groups. */
export function fillDemoWorld(world: World): void {
  world.addUser({ phone: FIRST, firstName: "Ali" });
  world.addUser({ phone: SECOND, firstName: "Ali", password: DEMO_PASSWORD });
  for (const chat of [...GROUPS, ...OTHERS]) world.addChat(chat);
  world.migrate(world.addChat(MIGRATED));
}
