/** Somebody of the demo, with what they publish. */
export interface DemoPerson {
  email: string;
  username: string;
  first_name: string;
  last_name: string;
  bio: string;
  phone?: string;
  lat: string;
  long: string;
  status: string;
  /** The hue of their pictures, in degrees. */
  hue: number;
  posts: string[];
  /** The caption of a story. */
  story?: string;
}

/** Of all people of the demo. */
export const PASSWORD = "demo-password";

const DOMAIN = "uzbekhub.example";

export const people: DemoPerson[] = [
  {
    email: `shahzod@${DOMAIN}`,
    username: "shahzod",
    first_name: "Шаҳзод",
    last_name: "Раҳимов",
    bio: "Toshkentda dasturchi. Kechqurun — choyxona.",
    phone: "+998901112233",
    ...{ lat: "41.299500", long: "69.240100", status: "Ishdaman", hue: 205 },
    posts: ["Bugun Chorsuda anor arzon!", "Yangi loyiha ishga tushdi. Rahmat, jamoa!"],
    story: "Ertalabki Toshkent",
  },
  {
    email: `gulnora@${DOMAIN}`,
    username: "gulnora",
    first_name: "Gulnora",
    last_name: "Yoʻldosheva",
    bio: "Oʻqituvchi. Ikki farzandning onasi.",
    phone: "+998935556677",
    ...{ lat: "41.311100", long: "69.279700", status: "Taʼtilda", hue: 330 },
    posts: ["Maktabda bugun kitob bayrami boʻldi.", "Kim menga yaxshi somsa joyini aytadi?"],
    story: "Kitob bayrami",
  },
  {
    email: `ozodbek@${DOMAIN}`,
    username: "ozodbek",
    first_name: "Ozodbek",
    last_name: "Gʻaniyev",
    bio: "Samarqand. Fotosurat va sayohat.",
    ...{ lat: "39.654200", long: "66.959700", status: "Yoʻldaman", hue: 35 },
    posts: ["Registon kechasi bundan ham goʻzal.", "Ertaga Shahrisabzga. Kim hamroh?"],
    story: "Registon",
  },
  {
    email: `malika@${DOMAIN}`,
    username: "malika_t",
    first_name: "Malika",
    last_name: "Toshmatova",
    bio: "Dizayner.",
    ...{ lat: "41.326000", long: "69.228000", status: "Band", hue: 275 },
    posts: ["Yangi logotip ustida ishlayapman. Fikringiz?"],
  },
  {
    email: `jasur@${DOMAIN}`,
    username: "jasur",
    first_name: "Жасур",
    last_name: "Ўктамов",
    bio: "Futbol, faqat futbol.",
    ...{ lat: "41.285000", long: "69.203500", status: "Stadiondaman", hue: 120 },
    posts: ["Paxtakor yutdi!!!", "Yakshanba kuni maydonda, soat 8 da."],
    story: "Gol!",
  },
];
