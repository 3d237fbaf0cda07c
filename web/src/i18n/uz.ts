import type { Texts } from "./index.ts";

export const uz: Texts = {
  "app.name": "Xabar",

  // Errors that are not the API's own sentences.
  "error.offline": "Aloqa yo‘q. Hech narsa o‘zgarmadi",
  "error.unknown": "Sahifada xatolik yuz berdi. Uni qayta yuklang",
  "error.retry": "Qayta urinish",
  "error.chunk": "Sahifaning yangi versiyasi chiqdi. Uni qayta yuklang",

  // layout
  "view.inbox": "Kiruvchi",
  "view.starred": "Yulduzchali",
  "view.archived": "Arxiv",
  "view.sent": "Yuborilgan",
  "view.junk": "Spam",
  "view.trash": "Savat",
  "view.drafts": "Qoralamalar",
  "view.all": "Barcha xatlar",
  "nav.label": "Qutilar va jildlar",
  "nav.compose": "Yangi xat",
  "nav.outbox": "Chiquvchi",
  "nav.allMailboxes": "Barcha qutilar",
  "nav.mailboxes": "Pochta qutilari",
  "nav.parked": "Ishlanmagan bildirishnomalar",
  "nav.settings": "Sozlamalar",
  "nav.menu": "Menyuni ochish",
  "nav.back": "Ro‘yxatga qaytish",
  "nav.skip": "Yozishmalarga o‘tish",
  "nav.unread": { other: "{n} ta o‘qilmagan xat" },
  "mailbox.active": "Sinxronlangan",
  "mailbox.syncing": "Xatlar tarixi yuklanmoqda",
  "mailbox.disconnected": "Uzilgan",

  "dialog.close": "Yopish",

  // live
  "live.live": "Aloqada",
  "live.connecting": "Ulanmoqda …",
  "live.reconnecting": "Aloqa yo‘q. {n}-urinish",
  "live.offline": "Tarmoq yo‘q. Ochilganini o‘qish mumkin",
  "live.caughtUp": { other: "Aloqa tiklandi: {n} ta yangi xat" },

  // sign-in
  "signIn.title": "Xabar xizmatiga kirish",
  "signIn.lead": "Administrator bergan tokenni joylang.",
  "signIn.token": "Token",
  "signIn.submit": "Kirish",
  "signIn.invalid": "Token noto‘g‘ri yoki muddati tugagan",
  "signIn.expired": "Token muddati tugadi. Qayta kiring",
  "signIn.local": "O‘z kompyuteringizda npm run dev chiqargan havolani oching.",

  // conversations
  "list.label": "Yozishmalar",
  "list.loading": "Yozishmalar yuklanmoqda",
  "list.unreadOnly": "Faqat o‘qilmaganlar",
  "list.new": { other: "{n} ta yangi" },
  "list.empty.inbox": "Hammasi bajarildi",
  "list.empty.inbox.hint": "Yangi xatlar shu yerda o‘zi paydo bo‘ladi.",
  "list.empty.other": "Bu yerda hech narsa yo‘q",
  "list.empty.unread": "O‘qilmagan yozishmalar yo‘q",
  "list.end": "Hammasi shu",
  "list.noSubject": "(mavzusiz)",
  "list.noSender": "(yuboruvchisiz)",
  "list.unread": "O‘qilmagan",
  "list.attachment": "Fayl bor",
  "list.to": "Kimga: {names}",
  "list.selected": { other: "{n} ta tanlandi" },
  "list.select": "Tanlash",
  "list.clear": "Tanlovni bekor qilish",

  // thread
  "thread.none": "Yozishma ochilmagan",

  // screens
  "notFound.title": "Bu manzilda hech narsa yo‘q",
  "notFound.hint": "Yozishma o‘chirilgan yoki havola noto‘g‘ri.",

  // actions
  "action.archive": "Arxivlash",
  "action.unarchive": "Kiruvchiga qaytarish",
  "action.star": "Yulduzcha qo‘yish",
  "action.unstar": "Yulduzchani olib tashlash",
  "action.read": "O‘qilgan deb belgilash",
  "action.unread": "O‘qilmagan deb belgilash",
  "action.reply": "Javob berish",
  "action.replyAll": "Hammaga javob berish",
  "action.forward": "Boshqaga yuborish",
  "action.undo": "Bekor qilish",
  "done.archive": { other: "{n} ta yozishma arxivlandi" },
  "done.unarchive": { other: "{n} ta yozishma kiruvchiga qaytarildi" },
  "done.star": { other: "{n} ta yozishmaga yulduzcha qo‘yildi" },
  "done.unstar": { other: "{n} ta yulduzcha olib tashlandi" },
  "done.read": { other: "{n} ta yozishma o‘qilgan deb belgilandi" },
  "done.unread": { other: "{n} ta yozishma o‘qilmagan deb belgilandi" },
  "done.undone": "Bekor qilindi",
  "failed.change": "O‘zgartirilmadi. {reason}",
  "failed.undo": "Bekor qilinmadi. {reason}",
};
