/** A series of mails that one sender sends to many. */
export interface Newsletter {
  from: { email: string; name: string };
  replyTo?: { email: string; name: string };
  locale: string;
  colour: string;
  /** {issue} and {story} (the first headline) are slots. */
  subject: string;
  intro: string;
  readMore: string;
  stories: [headline: string, text: string][];
  /** Goods or figures shown as a table. */
  table: { head: string[]; rows: string[][] };
  footer: string;
  unsubscribe: string;
}

export const newsletters: Newsletter[] = [
  {
    from: { email: "digest@agrobozor.example", name: "Agrobozor.uz 🍑" },
    locale: "uz",
    colour: "#2e7d32",
    subject: "Haftalik bozor sharhi №{issue}: {story}",
    intro: "Shu hafta mamlakat dehqon bozorlarida nimalar o‘zgardi, qisqacha aytib beramiz.",
    readMore: "Batafsil",
    stories: [
      [
        "Turshak arzonlashdi",
        "Farg‘onada yangi hosil chiqishi bilan turshakning ulgurji narxi bir haftada 6 % ga tushdi.",
      ],
      [
        "Yong‘oq eksporti oshdi",
        "Birinchi yarim yillikda yong‘oq mag‘zi eksporti o‘tgan yilga nisbatan beshdan birga ko‘paydi.",
      ],
      [
        "Sovutkichli omborlar",
        "Viloyatlarda yana to‘rtta sovutkichli ombor ishga tushdi, ijaraga arizalar qabul qilinmoqda.",
      ],
      [
        "Suv tejaydigan bog‘lar",
        "Tomchilatib sug‘orishga o‘tgan bog‘bonlarga subsidiya muddati uzaytirildi.",
      ],
      [
        "Anor mavsumi boshlandi",
        "Quvada anor terimi boshlandi, hosil o‘rtacha, sifati esa yaxshi deyishmoqda.",
      ],
      [
        "Yangi standart",
        "Quritilgan mevalar uchun namlik me’yori qayta ko‘rib chiqildi, hujjat yil boshidan kuchga kiradi.",
      ],
    ],
    table: {
      head: ["Mahsulot", "Narx, so‘m/kg", "O‘zgarish"],
      rows: [
        ["Turshak", "62 000", "−6 %"],
        ["Mayiz", "48 500", "+1 %"],
        ["Bodom", "118 000", "0 %"],
        ["Pista", "164 000", "+3 %"],
      ],
    },
    footer:
      "Agrobozor.uz tahririyati, Toshkent, Mirobod tumani. Siz obuna bo‘lganingiz uchun bu xatni oldingiz.",
    unsubscribe: "Obunani bekor qilish",
  },
  {
    from: { email: "news@tamozhnya-info.example", name: "Таможня сегодня" },
    replyTo: { email: "redaktor@tamozhnya-info.example", name: "Редакция" },
    locale: "ru",
    colour: "#0d47a1",
    subject: "{story} | выпуск {issue}",
    intro: "Коротко о том, что изменилось для импортёров и экспортёров за неделю.",
    readMore: "Читать полностью",
    stories: [
      [
        "Новая форма СТ-1",
        "С первого числа сертификаты происхождения принимаются только в электронном виде, переходный период три месяца.",
      ],
      [
        "Очереди на переходах",
        "Среднее ожидание грузовой машины выросло до девяти часов, советуем бронировать время заранее.",
      ],
      [
        "Пошлина на орехи",
        "Обсуждается снижение ставки на орехи в скорлупе, решение ожидается до конца квартала.",
      ],
      [
        "Электронная накладная",
        "Пилот e-CMR расширен на ещё два маршрута, бумажный экземпляр больше не нужен.",
      ],
      [
        "Весовой контроль",
        "На трассе М39 открылись три автоматических пункта, штраф приходит в течение суток.",
      ],
      ["Курс для деклараций", "Напоминаем: курс фиксируется на день регистрации, а не на день подачи."],
    ],
    table: {
      head: ["Переход", "Ожидание", "Машин за сутки"],
      rows: [
        ["Яллама", "9 ч", "412"],
        ["Дустлик", "4 ч", "268"],
        ["Айритом", "6 ч", "190"],
      ],
    },
    footer: "Издание «Таможня сегодня». Вы подписались на сайте или на нашей конференции.",
    unsubscribe: "Отписаться от рассылки",
  },
  {
    from: { email: "hello@logtechweekly.example", name: "LogTech Weekly" },
    locale: "en",
    colour: "#6a1b9a",
    subject: "#{issue}: {story}",
    intro: "Five minutes on software that moves boxes. Written by people who have loaded trucks.",
    readMore: "Read on",
    stories: [
      [
        "Why ETAs are still wrong",
        "We compared 40,000 promised arrivals with the gate log. The median error has not moved in three years.",
      ],
      [
        "A depot without paper",
        "A carrier in Gdańsk went fully digital and tells what they would not do again: begin with the night shift.",
      ],
      [
        "Retries done right",
        "Webhooks fail. Three teams show how they deliver each event once, or at least notice when they did not.",
      ],
      [
        "Barcodes versus vision",
        "Cameras read labels at 14 parcels a second now. The scanner still wins in the rain.",
      ],
      [
        "The cost of one more status",
        "Every new parcel state adds work in nine places. A short argument for fewer.",
      ],
      [
        "Routes that drivers accept",
        "The best route on paper is ignored in a third of the tours. Asking drivers first helps.",
      ],
    ],
    table: {
      head: ["Lane", "Spot rate, USD", "Week"],
      rows: [
        ["Tashkent–Riga", "4,150", "▲ 2 %"],
        ["Almaty–Hamburg", "4,900", "▼ 1 %"],
        ["Istanbul–Tashkent", "3,720", "▲ 5 %"],
      ],
    },
    footer: "LogTech Weekly, 12 Harbour Row, Leeds. You get this because you signed up with this address.",
    unsubscribe: "Unsubscribe",
  },
  {
    from: { email: "offers@packhaus.example", name: "Packhaus | Cartons & Tape" },
    locale: "en",
    colour: "#e65100",
    subject: "📦 {story} (catalogue {issue})",
    intro: "Fresh from the corrugator: what is new and what is cheaper this fortnight.",
    readMore: "To the shop",
    stories: [
      [
        "Stand-up pouches from 500 pieces",
        "Clear window, zip, food grade. Printed with your logo in twelve days.",
      ],
      [
        "10 kg cartons, double wall",
        "Stacks nine high in a humid container. Now with hand holes at no extra charge.",
      ],
      ["Paper tape that holds", "Water-activated, reinforced, and it tells when somebody opened the box."],
      ["Pallet film, 17 my", "Pre-stretched film: half the plastic on every pallet, same grip."],
      ["Silica gel by the bucket", "Raisins sent by sea like it dry. 25 g bags, 400 to the bucket."],
    ],
    table: {
      head: ["Item", "Per 100", "From 1,000"],
      rows: [
        ["Carton 400×300×200", "€ 84", "€ 71"],
        ["Pouch 200 g", "€ 19", "€ 14"],
        ["Tape 70 mm × 50 m", "€ 6.40", "€ 5.10"],
      ],
    },
    footer: "Packhaus Versand, Speicherstraße 8, Hamburg. Prices before VAT, while stocks last.",
    unsubscribe: "No more offers, please",
  },
  {
    from: { email: "bulletin@savdo-palata.example", name: "Savdo palatasi axborotnomasi" },
    locale: "uz",
    colour: "#00695c",
    subject: "Axborotnoma {issue}-son: {story}",
    intro: "Tadbirkorlar uchun tadbirlar, tenderlar va foydali hujjatlar.",
    readMore: "Ro‘yxatdan o‘tish",
    stories: [
      [
        "Dubay ko‘rgazmasiga arizalar",
        "Oziq-ovqat ko‘rgazmasida milliy stend uchun o‘nta joy qoldi, yo‘l xarajatining yarmi qoplanadi.",
      ],
      [
        "Bepul seminar: elektron imzo",
        "Elektron imzo va hisob-fakturalar bo‘yicha amaliy mashg‘ulot, noutbuk olib keling.",
      ],
      [
        "Eksportchilarga subsidiya",
        "Sertifikat xarajatlarini qaytarish uchun hujjatlar endi onlayn topshiriladi.",
      ],
      [
        "Tender: maktab oshxonalari",
        "Quruq meva yetkazib berish bo‘yicha tender e’lon qilindi, takliflar oy oxirigacha.",
      ],
      [
        "Yosh tadbirkorlar klubi",
        "Har payshanba soat 18:00 da uchrashuv, bu safar mavzu: narx qanday qo‘yiladi.",
      ],
    ],
    table: {
      head: ["Tadbir", "Shahar", "Joy"],
      rows: [
        ["Seminar", "Toshkent", "40"],
        ["Ko‘rgazma", "Dubay", "10"],
        ["Klub", "Samarqand", "25"],
      ],
    },
    footer: "Savdo palatasi matbuot xizmati. Xat a’zolarga yuboriladi.",
    unsubscribe: "Xatlarni to‘xtatish",
  },
  {
    from: { email: "blog@sklad-pro.example", name: "Склад PRO" },
    locale: "ru",
    colour: "#ad1457",
    subject: "Письмо №{issue}. {story}",
    intro: "Привет! Раз в неделю пишем о складе без скучных слов.",
    readMore: "Открыть статью",
    stories: [
      ["Инвентаризация за ночь", "Как команда из шести человек пересчитала 11 тысяч позиций и не уволилась."],
      ["Пять ошибок приёмки", "Самая дорогая из них: подписать накладную до взвешивания."],
      ["Моль и сухофрукты", "Ловушки, температура, чистота: что действительно помогает, а что продают."],
      ["Адресное хранение", "Рассказываем на примере склада, где до этого «всё помнил Рашид»."],
      ["Сколько стоит возврат", "Посчитали с бухгалтером: 41 % цены товара, если не думать заранее."],
    ],
    table: {
      head: ["Показатель", "Было", "Стало"],
      rows: [
        ["Сборка заказа", "14 мин", "9 мин"],
        ["Ошибки", "2,3 %", "0,7 %"],
        ["Возвраты", "5 %", "3 %"],
      ],
    },
    footer: "Склад PRO, рассылка для тех, кто работает ногами. Прислано по вашей подписке.",
    unsubscribe: "Больше не присылать",
  },
];
