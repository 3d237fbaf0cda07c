import { english } from "./english.ts";
import { russian } from "./russian.ts";
import type { Desk, Language } from "./topic.ts";
import { uzbek } from "./uzbek.ts";

/** A mail that a machine sends. Slots as in a topic. */
export interface Notice {
  from: { email: string; name: string };
  desk: Desk;
  language: Language;
  subject: string;
  text: string;
}

export const notices: Notice[] = [
  {
    from: { email: "no-reply@ipakbank.example", name: "IpakBank Biznes" },
    desk: "sales",
    language: uzbek,
    subject: "Hisobingizga {total} tushdi",
    text: "Hurmatli mijoz!\n\n{company} tomonidan {total} o‘tkazildi.\nMaqsadi: {invoice} hisob-faktura bo‘yicha to‘lov.\nTopshiriqnoma: {order}.\n\nBu xatga javob yozmang.",
  },
  {
    from: { email: "robot@didox-demo.example", name: "Электронные документы" },
    desk: "sales",
    language: russian,
    subject: "Контрагент подписал счёт-фактуру {invoice}",
    text: "{company}: документ {invoice} подписан и принят.\n\nСумма: {total}\nСтатус: принят без замечаний\n\nДокумент хранится в личном кабинете пять лет.",
  },
  {
    from: { email: "tracking@oceanline.example", name: "OceanLine eTracking" },
    desk: "export",
    language: english,
    subject: "{container}: gate out full, {city}",
    text: "Container {container}\nEvent: gate out full\nPlace: {city}\nVehicle: {plate}\n\nFree time ends in {weeks} days. Demurrage applies after that.\n\nThis is an automatic message from OceanLine.",
  },
  {
    from: { email: "noreply@customs-gate.example", name: "E-Customs" },
    desk: "export",
    language: english,
    subject: "Declaration {order} was released",
    text: "Declaration {order} for {qty} kg net was released at {time}.\n\nInvoice: {invoice}\nCorridor: green\nInspector's remark: none",
  },
  {
    from: { email: "alerts@ishbor.example", name: "IshBor.uz" },
    desk: "people",
    language: uzbek,
    subject: "E’loningizga {years} ta yangi ariza",
    text: "«Texnolog» e’loningizga shu hafta {years} ta ariza tushdi.\n\nEng mos nomzod: {city}, tajribasi {years} yil.\n\nE’lon {weeks} haftadan keyin yopiladi.",
  },
  {
    from: { email: "monitor@statusping.example", name: "StatusPing" },
    desk: "support",
    language: english,
    subject: "🔴 DOWN: api /v2/{service} ({time})",
    text: "Check: {service}\nLocation: {city}\nSince: {time}\nAnswer: 504 after 30 s\n\nIncident {order} was opened. You are on call this week.",
  },
  {
    from: { email: "monitor@statusping.example", name: "StatusPing" },
    desk: "support",
    language: english,
    subject: "🟢 UP: api /v2/{service} after {percent} min",
    text: "Check: {service}\nLocation: {city}\nDowntime: {percent} minutes\n\nIncident {order} was closed by itself. Please write two lines about the cause.",
  },
  {
    from: { email: "receipts@cardgate.example", name: "CardGate" },
    desk: "billing",
    language: english,
    subject: "Payment received: {fee} USD from {company}",
    text: "{company} paid {fee} USD.\n\nReference: {invoice}\nMethod: card ending in {order}\nPayout: within two working days\n\nQuestions? Answer this mail.",
  },
];
