import type { Texts } from "./index.ts";

export const ru: Texts = {
  "app.name": "Xabar",

  // Errors that are not the API's own sentences.
  "error.offline": "Нет соединения. Ничего не изменено",
  "error.unknown": "На странице что-то пошло не так. Обновите её",
  "error.retry": "Повторить",
  "error.chunk": "Вышла новая версия страницы. Обновите её",

  // layout
  "view.inbox": "Входящие",
  "view.starred": "Помеченные",
  "view.archived": "Архив",
  "view.sent": "Отправленные",
  "view.junk": "Спам",
  "view.trash": "Корзина",
  "view.drafts": "Черновики",
  "view.all": "Вся почта",
  "nav.label": "Ящики и папки",
  "nav.compose": "Написать",
  "nav.outbox": "Исходящие",
  "nav.allMailboxes": "Все ящики",
  "nav.mailboxes": "Почтовые ящики",
  "nav.parked": "Необработанные уведомления",
  "nav.settings": "Настройки",
  "nav.menu": "Открыть меню",
  "nav.back": "Назад к списку",
  "nav.skip": "Перейти к перепискам",
  "nav.unread": {
    one: "{n} непрочитанное письмо",
    few: "{n} непрочитанных письма",
    many: "{n} непрочитанных писем",
    other: "{n} непрочитанного письма",
  },
  "nav.close": "Закрыть меню",
  "nav.signOut": "Выйти",
  "nav.addMailbox": "Добавить ящик или настроить",
  "nav.filter": "Найти ящик",
  "nav.noMatch": "Таких ящиков нет",
  "nav.more": {
    one: "Ещё {n}. Уточните запрос",
    other: "Ещё {n}. Уточните запрос",
  },
  "nav.none": "Ящиков пока нет",
  "nav.failed": "Не удалось загрузить ящики",
  "nav.problems": {
    one: "{n} письмо не отправлено",
    few: "{n} письма не отправлены",
    many: "{n} писем не отправлено",
    other: "{n} письма не отправлено",
  },
  "mailbox.active": "Синхронизирован",
  "mailbox.syncing": "Загружается история",
  "mailbox.disconnected": "Отключён",
  "mailbox.progress": "Загружается история, {percent}",
  "company.unnamed": "Компания {id}",

  "dialog.close": "Закрыть",

  // live
  "live.live": "На связи",
  "live.connecting": "Соединение …",
  "live.reconnecting": "Нет соединения. Попытка {n}",
  "live.offline": "Нет сети. Открытое можно читать",
  "live.caughtUp": {
    one: "Снова на связи: {n} новое письмо",
    few: "Снова на связи: {n} новых письма",
    many: "Снова на связи: {n} новых писем",
    other: "Снова на связи: {n} нового письма",
  },

  // sign-in
  "signIn.title": "Вход в Xabar",
  "signIn.lead": "Вставьте токен, который дал вам администратор.",
  "signIn.token": "Токен",
  "signIn.submit": "Войти",
  "signIn.invalid": "Токен неверен, или срок его действия истёк",
  "signIn.expired": "Срок действия токена истёк. Войдите снова",
  "signIn.local": "На своём компьютере откройте ссылку, которую выводит npm run dev.",

  // conversations
  "list.label": "Переписки",
  "list.loading": "Загружаются переписки",
  "list.unreadOnly": "Только непрочитанные",
  "list.new": { one: "{n} новое", few: "{n} новых", many: "{n} новых", other: "{n} нового" },
  "list.empty.inbox": "Всё разобрано",
  "list.empty.inbox.hint": "Новые письма появятся здесь сами.",
  "list.empty.other": "Здесь пусто",
  "list.empty.unread": "Непрочитанных переписок нет",
  "list.end": "Это всё",
  "list.noSubject": "(без темы)",
  "list.noSender": "(без отправителя)",
  "list.unread": "Не прочитано",
  "list.attachment": "Есть файл",
  "list.to": "Кому: {names}",
  "list.selected": { one: "Выбрана {n}", few: "Выбрано {n}", many: "Выбрано {n}", other: "Выбрано {n}" },
  "list.select": "Выбрать",
  "list.clear": "Снять выделение",

  // thread
  "thread.none": "Переписка не открыта",

  // screens
  "notFound.title": "По этому адресу ничего нет",
  "notFound.hint": "Переписка удалена, или ссылка неверна.",

  // actions
  "action.archive": "В архив",
  "action.unarchive": "Вернуть во входящие",
  "action.star": "Пометить",
  "action.unstar": "Снять пометку",
  "action.read": "Отметить как прочитанное",
  "action.unread": "Отметить как непрочитанное",
  "action.reply": "Ответить",
  "action.replyAll": "Ответить всем",
  "action.forward": "Переслать",
  "action.undo": "Отменить",
  "done.archive": {
    one: "{n} переписка в архиве",
    few: "{n} переписки в архиве",
    many: "{n} переписок в архиве",
    other: "{n} переписки в архиве",
  },
  "done.unarchive": {
    one: "{n} переписка снова во входящих",
    few: "{n} переписки снова во входящих",
    many: "{n} переписок снова во входящих",
    other: "{n} переписки снова во входящих",
  },
  "done.star": {
    one: "{n} переписка помечена",
    few: "{n} переписки помечены",
    many: "{n} переписок помечено",
    other: "{n} переписки помечено",
  },
  "done.unstar": {
    one: "Снята {n} пометка",
    few: "Снято {n} пометки",
    many: "Снято {n} пометок",
    other: "Снято {n} пометки",
  },
  "done.read": {
    one: "{n} переписка прочитана",
    few: "{n} переписки прочитаны",
    many: "{n} переписок прочитано",
    other: "{n} переписки прочитано",
  },
  "done.unread": {
    one: "{n} переписка не прочитана",
    few: "{n} переписки не прочитаны",
    many: "{n} переписок не прочитано",
    other: "{n} переписки не прочитано",
  },
  "done.undone": "Отменено",
  "failed.change": "Не изменено. {reason}",
  "failed.undo": "Не отменено. {reason}",
};
