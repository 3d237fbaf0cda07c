import { describe, expect, it } from "vitest";
import { folderByName, folderOf } from "../../src/ems/ingest/folder-names.ts";

describe("a folder", () => {
  it.each([
    "To be sent",
    "Not sent yet",
    "INBOX.Sent invoices",
    "INBOX/Sent/2024",
    "Sent by customers",
    "absent",
    "Trash talk",
    "Spam reports",
    "Junk yard",
    "Draft beer",
    "Customers/ACME",
    "Входящие заявки",
    "Отправленные счета",
    "",
  ])("named %j is an ordinary one", (name) => {
    expect(folderByName(name)).toBeUndefined();
    expect(folderOf({ id: "AAMk", name, attributes: [] })).toBe("archive");
  });

  it.each([
    ["inbox", "INBOX", "Inbox", "Входящие", "Posteingang", "[Gmail]/Inbox"],
    [
      "sent",
      "SENT",
      "Sent",
      "Sent Items",
      "SentItems",
      "Sent_Items",
      "Sent Mail",
      "INBOX.Sent",
      "INBOX/Sent",
    ],
    ["sent", "[Gmail]/Sent Mail", "Gesendet", "Gesendete Elemente", "Éléments envoyés", "Messages envoyés"],
    [
      "sent",
      "E\u0301le\u0301ments envoye\u0301s",
      "Enviados",
      "Отправленные",
      "Yuborilganlar",
      "Юборилганлар",
    ],
    ["sent", "Jo‘natilganlar", "Jo'natilganlar", "Posta inviata", "Gönderilmiş Öğeler"],
    ["drafts", "DRAFT", "Drafts", "[Gmail]/Drafts", "INBOX.Drafts", "Entwürfe", "Brouillons", "Черновики"],
    ["drafts", "Qoralamalar", "Қораламалар"],
    ["junk", "SPAM", "Spam", "Junk", "Junk Email", "Junk E-mail", "[Gmail]/Spam", "Bulk Mail", "Спам"],
    ["junk", "Нежелательная почта", "Courrier indésirable", "INBOX.Junk"],
    ["trash", "TRASH", "Trash", "Deleted Items", "Deleted Messages", "[Gmail]/Trash", "Корзина", "Удаленные"],
    ["trash", "Удалённые", "Papierkorb", "Gelöschte Elemente", "Corbeille", "Savat", "INBOX.Trash"],
    ["archive", "Archive", "Archives", "Архив", "Arxiv", "[Gmail]/All Mail"],
  ])("is %s by any of its names", (folder, ...names) => {
    expect(names.map(folderByName)).toEqual(names.map(() => folder));
  });

  it("with a special use is that, whatever its name", () => {
    expect(folderOf({ id: "AAMk=", name: "Trash", attributes: ["\\HasNoChildren", "\\Sent"] })).toBe("sent");
    expect(folderOf({ id: "AAMk=", name: "x", attributes: ["\\junk"] })).toBe("junk");
  });

  it("that is a label is not a place", () => {
    expect(["UNREAD", "STARRED", "IMPORTANT", "CATEGORY_PROMOTIONS"].map(folderByName)).toEqual(
      Array.from({ length: 4 }, () => null),
    );
    expect(folderOf({ id: "[Gmail]/Starred", name: "Starred", attributes: ["\\Flagged"] })).toBeNull();
  });
});
