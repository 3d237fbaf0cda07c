import type { Person } from "./topic.ts";

type Row = [name: string, title: string, company: string, email: string, phone: string];

const toPerson = ([name, title, company, email, phone]: Row): Person => ({
  name,
  title,
  company,
  email,
  phone,
});

const uzbekRows: Row[] = [
  [
    "Ulug‘bek To‘xtayev",
    "direktor",
    "Zarafshon Savdo MChJ",
    "ulugbek@zarafshon-savdo.example",
    "+998 66 233 41 07",
  ],
  [
    "Nilufar Yo'ldosheva",
    "ta’minot menejeri",
    "Oqtepa Market",
    "n.yuldosheva@oqtepa.example",
    "+998 71 205 18 30",
  ],
  ["Jahongir Sobirov", "ombor mudiri", "Buxoro Don", "jahongir@buxorodon.example", "+998 65 221 90 14"],
  ["Mohira Qodirova", "bosh hisobchi", "Chorsu Savdo Uyi", "mohira.q@chorsu.example", "+998 71 244 73 52"],
  [
    "Otabek G‘afurov",
    "logistika bo‘limi",
    "Farg‘ona Trans",
    "otabek@fargonatrans.example",
    "+998 73 226 05 88",
  ],
  ["Zulfiya Abdullayeva 🌸", "do‘kon egasi", "Shirin Meva", "shirinmeva@pochta.example", "+998 90 371 22 46"],
  [
    "O‘tkir Rasulov",
    "xarid bo‘limi",
    "Registon Mehmonxonasi",
    "otkir@registonhotel.example",
    "+998 66 210 77 19",
  ],
  ["Feruza Nazarova", "oshpaz", "Gulbahor Novvoyxonasi", "feruza@gulbahor.example", "+998 69 234 11 62"],
  [
    "Sherzod Mo‘minov",
    "dispetcher",
    "Vodiy Ekspress",
    "sherzod.m@vodiyekspress.example",
    "+998 74 228 63 40",
  ],
  ["Kamola Yusupova", "yurist", "Ipak Yo‘li Invest", "kamola@ipakyoli.example", "+998 71 252 36 81"],
  ["Doniyor Ergashev", "sotuvchi", "Ko‘kaldosh Bozori", "doniyor1987@pochta.example", "+998 93 518 40 27"],
  ["Baxtiyor Jo‘rayev", "texnolog", "Namangan Konserva", "baxtiyor@namkon.example", "+998 69 227 52 06"],
  ["Xurshida Ne’matova", "kotiba", "Xorazm Gilam", "info@xorazmgilam.example", "+998 62 226 84 33"],
  ["Aziz Rahimov", "IT mutaxassis", "Qashqa Agro", "aziz@qashqaagro.example", "+998 75 225 19 74"],
  ["Lola Umarova", "marketing", "Sayhun Tekstil", "lola.umarova@sayhun.example", "+998 67 235 60 12"],
  ["Shukurullo Hoji aka", "rais", "Bog‘bon fermer xo‘jaligi", "bogbon@pochta.example", "+998 91 166 08 55"],
  ["Dilfuza O‘rinova", "buxgalter", "Mehr Dorixonalari", "d.orinova@mehr.example", "+998 71 268 24 90"],
];

const russianRows: Row[] = [
  ["Ольга Смирнова", "закупки", "ООО «Сладкий дом»", "o.smirnova@sladkydom.example", "+7 383 209 41 18"],
  ["Ержан Абдрахманов", "директор", "ТОО «Алатау Трейд»", "erzhan@alatautrade.example", "+7 727 311 20 64"],
  ["Наталья Ким", "бухгалтер", "Торговый дом «Восток»", "kim@tdvostok.example", "+998 71 233 85 02"],
  ["Виктор Лебедев", "начальник склада", "Казань Опт", "lebedev@kazanopt.example", "+7 843 202 17 45"],
  ["Айгуль Токтосунова", "менеджер", "Ош Базары", "aigul@oshbazary.example", "+996 312 90 44 71"],
  ["Сергей Д’Арси", "логист", "Север Транс", "sergey@severtrans.example", "+7 495 118 36 20"],
  ["Мадина Юсупова", "главный бухгалтер", "ИП Юсупова", "madina.yu@pochta.example", "+998 90 915 27 33"],
  ["Pavel Novikov", "IT-отдел", "Сибирская крупа", "p.novikov@sibkrupa.example", "+7 383 377 52 09"],
  ["Екатерина Ли", "технолог", "Кондитерская №1", "li@konditer1.example", "+998 71 290 63 14"],
  [
    "Бахтияр Рузиев",
    "водитель-экспедитор",
    "Ферганские перевозки",
    "ruziev@fergtrans.example",
    "+998 73 244 18 96",
  ],
  [
    "Анна-Мария Шульц",
    "категорийный менеджер",
    "Зелёная лавка",
    "shulz@zelenaya-lavka.example",
    "+7 812 640 22 57",
  ],
  ["Тигран Саркисян", "учредитель", "Арарат Фуд", "tigran@araratfood.example", "+374 10 55 31 78"],
  ["Людмила Петровна", "секретарь", "Школа-интернат №14", "school14@pochta.example", "+998 71 267 09 41"],
  ["Артём Волков ⚡", "разработчик", "Склад24", "volkov@sklad24.example", "+7 343 289 70 15"],
  [
    "Гульмира Сейитова",
    "директор по закупкам",
    "Магнум Азия",
    "seyitova@magnum-asia.example",
    "+7 727 250 83 36",
  ],
  ["Игорь Пак", "таможенный брокер", "Брокер Плюс", "pak@brokerplus.example", "+998 71 208 44 59"],
  ["Светлана Журавлёва", "кадры", "Текстиль Юг", "zhuravleva@tekstilyug.example", "+7 863 303 91 27"],
];

const englishRows: Row[] = [
  ["Seán O'Connor", "Buyer", "Emerald Pantry Ltd", "sean.oconnor@emeraldpantry.example", "+353 1 555 0148"],
  ["Hannah Müller", "Quality assurance", "Nordkorn GmbH", "h.mueller@nordkorn.example", "+49 40 5550 172"],
  [
    "Piotr Wiśniewski",
    "Import manager",
    "Bałtyk Delikatesy",
    "piotr@baltyk-delikatesy.example",
    "+48 58 555 01 36",
  ],
  ["Anneke de Vries", "Sourcing", "Dutch Bakers' Guild", "anneke@bakersguild.example", "+31 10 555 0127"],
  [
    "Mohammed Al-Farsi",
    "General manager",
    "Gulf Nuts Trading",
    "mohammed@gulfnuts.example",
    "+971 4 555 0193",
  ],
  ["Jānis Ozols", "Forwarder", "Rīga Freight", "janis@rigafreight.example", "+371 6755 5018"],
  ["Claire D'Angelo", "Operations", "Parcel & Sons", "claire@parcelandsons.example", "+44 113 555 0162"],
  ["Li Wei 李伟", "Purchasing", "Shenzhen Harvest", "li.wei@szharvest.example", "+86 755 5550 1174"],
  ["Priya Raman", "Product owner", "QuickCart", "priya@quickcart.example", "+44 20 5550 0119"],
  ["Tom Becker", "DevOps", "Hafenlogistik Nord", "tom@hafenlogistik.example", "+49 40 5550 155"],
  ["Ingrid Sørensen", "Finance", "Fjord Foods", "ingrid@fjordfoods.example", "+47 22 55 01 38"],
  ["Marc Lefèvre", "Chef acheteur", "Épicerie du Rhône", "marc@epicerie-rhone.example", "+33 4 55 50 11 84"],
  [
    'Dave "Mac" McAllister',
    "Transport planner",
    "Highland Haulage",
    "mac@highlandhaulage.example",
    "+44 131 555 0105",
  ],
  ["Yuki Tanaka 🍡", "Buyer", "Mochi House", "yuki@mochihouse.example", "+81 3 5550 1142"],
  [
    "Elena Popescu",
    "Accounts payable",
    "Carpat Distribution",
    "elena.popescu@carpat.example",
    "+40 21 555 0168",
  ],
];

export const uzbekPeople: Person[] = uzbekRows.map(toPerson);
export const russianPeople: Person[] = russianRows.map(toPerson);
export const englishPeople: Person[] = englishRows.map(toPerson);

const applicants: Record<"uzbek" | "russian" | "english", Row[]> = {
  uzbek: [
    [
      "Maftuna Sa’dullayeva",
      "magistrant",
      "Iqtisodiyot universiteti",
      "maftuna.s@pochta.example",
      "+998 97 440 15 93",
    ],
    ["Islom Xo‘jayev", "texnolog", "Jizzax Sharbat", "islom.xojayev@pochta.example", "+998 99 873 06 21"],
    ["Sevara Tog‘ayeva", "sotuv menejeri", "Termiz Savdo", "sevara@pochta.example", "+998 94 205 77 38"],
  ],
  russian: [
    ["Кристина Хван", "бухгалтер", "Чирчик Пласт", "k.khvan@pochta.example", "+998 90 327 64 15"],
    ["Фёдор Щукин", "технолог", "Хлебозавод №3", "fedor.shchukin@pochta.example", "+998 93 581 40 72"],
    [
      "Гузаль Алиева",
      "контролёр качества",
      "Сырдарья Агро",
      "guzal.alieva@pochta.example",
      "+998 97 118 92 50",
    ],
  ],
  english: [
    [
      "Grace Okafor",
      "MSc student",
      "Wageningen University",
      "grace.okafor@mailbox.example",
      "+31 6 5550 0177",
    ],
    ["Tomáš Dvořák", "Forwarding agent", "Praha Cargo", "tomas.dvorak@mailbox.example", "+420 2 5550 0163"],
    ["Aoife Ní Bhriain", "Documents clerk", "Cork Shipping", "aoife@mailbox.example", "+353 21 555 0190"],
  ],
};

export const uzbekApplicants: Person[] = applicants.uzbek.map(toPerson);
export const russianApplicants: Person[] = applicants.russian.map(toPerson);
export const englishApplicants: Person[] = applicants.english.map(toPerson);
