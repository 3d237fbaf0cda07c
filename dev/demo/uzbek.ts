import { uzbekApplicants, uzbekPeople } from "./people.ts";
import type { Language } from "./topic.ts";

export const uzbek: Language = {
  locale: "uz",
  people: uzbekPeople,
  applicants: uzbekApplicants,
  staff: {
    sales: [
      { name: "Dilnoza Karimova", title: "savdo bo‘limi" },
      { name: "Bekzod G‘ulomov", title: "ulgurji savdo menejeri" },
    ],
    export: [{ name: "Sardor Mirzayev", title: "eksport bo‘limi boshlig‘i" }],
    people: [{ name: "Gulnora Ismoilova", title: "kadrlar bo‘limi" }],
    support: [{ name: "Temur Ahmedov", title: "mijozlarga yordam" }],
    billing: [{ name: "Shahnoza To‘rayeva", title: "buxgalteriya" }],
  },
  greetings: ["Assalomu alaykum, {to}!", "Hurmatli {to},", "Salom, {to}!", "Assalomu alaykum hurmatli {to},"],
  closings: ["Hurmat bilan,", "Ehtirom ila,", "Rahmat,", "Sog‘ bo‘ling,"],
  asides: [
    "Javob kechikkani uchun uzr, bizda ro‘yxatdan o‘tkazish ketayotgan edi.",
    "Telefonda gaplashish qulay bo‘lsa, soat 17:00 gacha qo‘ng‘iroq qiling.",
    "Aytgancha, {city}dagi ko‘rgazmada ko‘rishganimizdan xursandmiz 😊",
    "Iltimos, mavzuda {order} raqamini qoldiring, bizda xatlar shu bo‘yicha ajratiladi.",
    "Juma kuni tushdan keyin ishlamaymiz, shuni hisobga oling.",
    "Shoshilinch emas, hafta oxirigacha bo‘lsa ham mayli.",
    "Rahbarimiz ham sizga salom aytdilar.",
  ],
  topics: [
    {
      desk: "sales",
      subjects: ["{product} uchun buyurtma", "Buyurtma №{order}", "Narx so‘rovi: {product}, {qty} kg"],
      turns: [
        [
          "Bizga {qty} kg {product} kerak, birinchi nav, {city}ga yetkazib berish bilan. Narxi va muddatini yozib yuborsangiz. To‘lovni o‘tkazma yo‘li bilan qilamiz.",
          "O‘tgan oydagi {product} mijozlarimizga juda yoqdi. Yana {qty} kg olmoqchimiz, quti 10 kg dan bo‘lsin. {later} kunigacha ulgurasizlarmi?",
          "{city}da uchta do‘konimiz bor. Birinchi marta {qty} kg {product} olib ko‘rmoqchimiz. Yangi mijozlarga qanday shartlar bor?",
        ],
        [
          "Buyurtma uchun rahmat. Bir kilosi {price}, jami {total} (QQS bilan). To‘lovdan keyin ikki kunda jo‘natamiz, narxlar ro‘yxati ilovada.",
          "Albatta ulguramiz. {qty} kg uchun {percent} % chegirma bilan {price} dan chiqadi. To‘liq ro‘yxatni ilova qildim, №{order} bo‘yicha joy band qilib turibmiz.",
        ],
        [
          "Narx ma’qul, bugun to‘laymiz. Mashina raqami {plate}, ruxsatnoma tayyorlab qo‘ysangiz.",
          "Kelishdik. Shunga yana 40 kg yong‘oq mag‘zi qo‘shsa bo‘ladimi, o‘sha narxda?",
        ],
        [
          "Ruxsatnoma tayyor, ikkinchi darvozadan kiradi. Haydovchida ishonchnoma bo‘lsin.",
          "Qo‘shdik, yangi summa {invoice} hisob-fakturada. Mashinani kutamiz.",
        ],
      ],
      files: { 1: "prices", 3: "invoice" },
    },
    {
      desk: "sales",
      subjects: ["Yuk kechikyapti: №{order}", "Buyurtma №{order} qayerda?", "Yetkazib berish muddati"],
      turns: [
        [
          "№{order} bo‘yicha yuk {day} kuni kelishi kerak edi, hali ham yo‘q. {city}dagi omborimiz bo‘sh turibdi, do‘konlar so‘rayapti. Aniq sanani ayting, iltimos.",
          "Haydovchi {plate} telefonini ko‘tarmayapti. Ichida {qty} kg {product} bor. Yuk hozir qayerda?",
        ],
        [
          "Uzr so‘raymiz, mashina yo‘lda buzilib qolgan. Yuk {later} kuni soat {time} da sizda bo‘ladi, yetkazish haqini olmaymiz.",
          "Haydovchi bilan gaplashdik: dovonda yo‘l yopilgan, aloqa yo‘q edi. Hozir yo‘lda, {later} kuni soat {time} larda yetib boradi.",
        ],
        [
          "Yaxshi, kutamiz. Keyingi safar oldindan xabar bersangiz.",
          "Yuk keldi, hammasi joyida. Lekin yukchilarga ikki soat ortiqcha to‘ladik.",
        ],
        ["Albatta, endi jo‘natilgan kuni SMS boradi.", "Tushundik, keyingi hisobdan {percent} % chegiramiz."],
      ],
    },
    {
      desk: "sales",
      subjects: ["Shikoyat: {product} sifati", "Sochiqlar rangi boshqa chiqdi", "№{order}: qaytarish haqida"],
      turns: [
        [
          "№{order} bo‘yicha kelgan {product}ning {percent} % i nam, bir qismi yopishib qolgan. Rasmini ilova qildim. Almashtirib bering yoki pulini qaytaring.",
          "Namuna bilan kelgan mol har xil: rang ochroq, tikuvi ham boshqa. Mijoz qabul qilmadi. Suratini ko‘ring.",
        ],
        [
          "Juda uzrlimiz. Texnologimiz {later} kuni borib namuna oladi, ungacha {invoice} bo‘yicha to‘lovni to‘xtatib turing.",
          "Rasm uchun rahmat, kamchilik bizdan: omborda ikki partiya aralashib ketgan. {later} kuni almashtirib beramiz, yo‘l haqi bizdan.",
        ],
        ["Texnolog keldi, ko‘rdi. Qachon javob bo‘ladi?", "Almashtirilgani keldi, bu safar zo‘r. Rahmat!"],
        [
          "Xulosa tayyor: namlik me’yordan yuqori. Pulni shu hafta qaytaramiz, dalolatnoma ilovada.",
          "Sabringiz uchun rahmat. Keyingi buyurtmaga {percent} % chegirma yozib qo‘ydik 🎁",
        ],
      ],
      files: { 0: "photo", 3: "contract" },
    },
    {
      desk: "people",
      subjects: ["Ishga ariza: {city}dan", "Rezyume: savdo menejeri", "Texnolog vakansiyasi bo‘yicha"],
      turns: [
        [
          "E’loningizni ko‘rib yozyapman. {years} yil oziq-ovqat korxonasida ishlaganman, rus va ingliz tillarini bilaman, {city}dan ko‘chib kela olaman. Rezyumemni ilova qildim.",
          "Ismim e’londagi talablarga mos deb o‘ylayman: oliy ma’lumot, {years} yillik tajriba, 1C dasturi. Suhbatga chaqirsangiz, xursand bo‘lardim. Rezyume ilovada.",
        ],
        [
          "Arizangiz uchun rahmat! Sizni {later} kuni soat {time} da suhbatga kutamiz: Amir Temur ko‘chasi, 47-uy. Pasport va diplomni oling.",
          "Rezyumeni ko‘rdik, yoqdi. {later} kuni soat {time} da qo‘ng‘iroq qilsak, qulaymi?",
        ],
        ["Albatta boraman. Maosh haqida ham o‘sha yerda gaplashamizmi?", "Ha, qulay, kutaman. Katta rahmat!"],
        ["Ha, rahbar o‘zlari aytadilar. Ko‘rishguncha.", "Kelishdik, yaxshi kunlar tilaymiz."],
      ],
      files: { 0: "resume" },
    },
    {
      desk: "support",
      subjects: ["Ilova ochilmayapti", "{service}: yuk xaritada ko‘rinmayapti", "Parolni tiklab bo‘lmayapti"],
      turns: [
        [
          "Soat {time} dan beri «{service}» ilovasi ochilmayapti, {city}dagi o‘nta haydovchi ishsiz turibdi. Iltimos, tezroq qarab yuboring.",
          "{plate} raqamli mashina xaritada {day} kunidan beri bir joyda turibdi, aslida allaqachon {city}ga yetgan. Nima qilish kerak?",
          "Yangi xodimga parol SMS kelmayapti. Raqam to‘g‘ri, uch marta so‘radik. «{service}»da ro‘yxatdan o‘tolmayapti.",
        ],
        [
          "Muammo topildi: {reason}. Hozir tuzatildi, ilovani yopib qayta oching.",
          "Qurilmaning SIM-kartasi internetdan uzilgan ekan. Qadamlarni ilovadagi faylda yozdim, besh daqiqalik ish.",
          "Operator SMS larni kechiktiryapti. Vaqtincha kod {order}, keyin o‘zi almashtirib oladi.",
        ],
        [
          "Ochildi, rahmat! Tez yordam berdingiz.",
          "Qildik, mashina ko‘rindi. Boshqa mashinalarni ham tekshirib bering.",
          "Kod ishladi, xodimimiz kirdi. Rahmat!",
        ],
        ["Arzimaydi, {order} raqamli murojaat yopildi.", "Tekshirdik, qolgan {years} tasi joyida."],
      ],
      files: { 1: "notes" },
    },
    {
      desk: "billing",
      outbound: true,
      subjects: ["Hisob-faktura {invoice}", "Shartnoma {order} muddati tugayapti", "{service} uchun to‘lov"],
      turns: [
        [
          "«{service}» xizmati uchun {invoice} hisob-fakturani yuboryapmiz, summasi {fee} USD, Markaziy bank kursi bo‘yicha. To‘lov muddati o‘n kun.",
          "Shartnoma {order} muddati {weeks} haftadan keyin tugaydi. Yangi yilda narx o‘zgarmaydi: oyiga {fee} USD. Oxirgi oy hisobi ilovada.",
        ],
        [
          "Qabul qildik, {later} kuni to‘laymiz. Dalolatnoma ham kerak bo‘ladi.",
          "Yuristimiz 5-bandga o‘zgartirish so‘rayapti: jarima 0,1 % bo‘lsin.",
          "To‘lov o‘tdi, topshiriqnoma raqami {order}.",
        ],
        [
          "Tayyor, hujjat ilovada.",
          "O‘zgartirdik, yangi nusxasini ko‘rib chiqing. Elektron imzo yetarli.",
          "Rahmat, pul tushdi, {invoice} yopildi.",
        ],
      ],
      files: { 0: "invoice", 2: "contract" },
    },
    {
      desk: "sales",
      subjects: [
        "{city}dan mehmon bo‘lib boramiz",
        "Savdogarlar kuniga taklif",
        "Mavsumiy shartnoma: gaplashib olaylik",
      ],
      turns: [
        [
          "Keyingi mavsum hajmini kelishib olsak. {later} kuni soat {time} da ofisingizga borsak bo‘ladimi? Uch kishi bo‘lamiz, quritish sexini ham ko‘rmoqchimiz.",
          "{city} hokimligi savdogarlar kuni o‘tkazyapti. Sizni {product} va boshqa mahsulotlar bilan taklif qilamiz: {later}, soat {time}.",
        ],
        [
          "Marhamat, {later} kuni {time} da kutamiz, taklifnoma ilovada. Tushlik bizdan 🍲",
          "Taklif uchun rahmat, albatta boramiz. Taqvim uchun faylni ilova qildim.",
        ],
        ["Qabul qildik. Avtobus uchun joy bormi?", "Zo‘r! Sizga ikki metrlik stol ajratdik."],
        ["Hovlida joy bor, qorovul ochib beradi.", "Yetarli, rahmat. Ko‘rishguncha!"],
      ],
      files: { 1: "invitation" },
    },
    {
      desk: "support",
      subjects: ["{company}: shartnoma va ulanish", "{service}ni ulamoqchimiz", "Yangi omborni qo‘shish"],
      turns: [
        [
          "{city}da yangi ombor ochyapmiz, «{service}»ga ulash kerak. Kuniga {qty} ta jo‘natma bo‘ladi. Shartnoma va narxini yuboring.",
          "Qo‘shnilarimiz sizni maqtashdi. Biz ham «{service}»ni sinab ko‘rmoqchimiz, {years} ta mashinamiz bor. Nimadan boshlaymiz?",
        ],
        [
          "Xush kelibsiz! Shartnoma loyihasi ilovada. Oyiga {fee} USD, birinchi {weeks} hafta bepul.",
          "Rahmat, yaxshi gap. Shartnomani ko‘rib chiqing, {later} kuni soat {time} da ulanishni ko‘rsatamiz.",
        ],
        [
          "Ko‘rib chiqdik, imzolaymiz. Xodimlarga o‘qitish ham bormi?",
          "Ma’qul. Faqat 3-bandda manzilimizni to‘g‘rilab qo‘ying.",
        ],
        ["Bor, ikki soatlik, o‘zbek va rus tillarida.", "To‘g‘riladik, imzoga tayyor."],
      ],
      files: { 1: "contract" },
    },
  ],
  followUps: [
    [
      "Yana bir savol: direktorimiz almashdi, {order} shartnomaga qanday kiritamiz?",
      "Buyruq nusxasini yuboring, o‘sha kuni kiritamiz.",
    ],
    ["Bayram kunlari ishlaysizlarmi?", "Navbatchi ombor 9:00 dan 13:00 gacha ochiq, ofis dam oladi."],
    [
      "{city}dagi manzilimiz o‘zgardi, endi bozor tomondan kiriladi.",
      "Yozib qo‘ydik, haydovchilarga ham aytdik.",
    ],
    [
      "To‘lovni ikki haftada bir qilsak bo‘ladimi?",
      "Siz uchun bo‘ladi. Qo‘shimcha kelishuvni {us} tayyorlaydi.",
    ],
  ],
  farewell: ["Hammasi tushunarli, katta rahmat 👍", "Sizga ham rahmat, salomat bo‘ling."],
  fileNames: {
    invoice: "Hisob-faktura {invoice}.pdf",
    contract: "Shartnoma №{order}.pdf",
    resume: "Rezyume.pdf",
    prices: "Narxlar ro‘yxati.csv",
    notes: "Yo‘riqnoma {order}.txt",
    photo: "surat-{order}.png",
    invitation: "uchrashuv.ics",
  },
  steps: [
    "1. Administrator bo‘lib kiring va «Sozlamalar»ni oching.",
    "2. «Ulanishlar» bo‘limida «Yangi» tugmasini bosing va nom bering.",
    "3. Kalitni darhol nusxalab oling: u ikkinchi marta ko‘rsatilmaydi.",
    "4. Bitta sinov buyurtmasini yuboring va jurnalda chiqqanini tekshiring.",
  ],
  words: {
    product: [
      "turshak",
      "mayiz",
      "bodom",
      "yong‘oq mag‘zi",
      "quritilgan olxo‘ri",
      "tut mayizi",
      "pista",
      "paxta sochiq",
    ],
    service: ["Yo‘lchi", "Ombor onlayn", "Dispetcher", "Qaytarish"],
    city: ["Samarqand", "Farg‘ona", "Buxoro", "Namangan", "Urganch", "Qarshi"],
    day: ["dushanba", "seshanba", "chorshanba", "payshanba", "juma"],
    reason: [
      "serverda joy tugagan",
      "provayderda kabel uzilgan",
      "sertifikat muddati o‘tgan",
      "oxirgi yangilanishda xato bo‘lgan",
    ],
  },
  price: { min: 42, max: 175, step: 1000, unit: "so‘m" },
  wrote: (date, person) => `${date}, ${person} yozdi:`,
};
