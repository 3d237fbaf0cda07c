import { describe, expect, it } from "vitest";
import { type ListedFolder, nameFolders } from "../../src/mailbox/sync/folder-types.ts";

const folder = (path: string, attributes: string[] = [], delimiter: string | null = "/"): ListedFolder => ({
  path,
  delimiter,
  attributes,
});

/** Types by path, of those that are not ordinary. */
const typesOf = (listed: ListedFolder[]) =>
  Object.fromEntries(
    nameFolders(listed).flatMap(({ path, type }) => (type === "custom" ? [] : [[path, type]])),
  );

describe("what a folder is for", () => {
  it("is what the server says, whatever its name", () => {
    const listed = [folder("INBOX"), folder("Trash", ["\\Sent"]), folder("Sent"), folder("Bin", ["\\Trash"])];
    expect(typesOf(listed)).toEqual({ INBOX: "inbox", Trash: "sent", Bin: "trash" });
  });

  it.each([
    ["Отправленные", "Черновики", "Спам", "Корзина"],
    ["Yuborilgan", "Qoralamalar", "Spam", "Savat"],
    ["Gesendet", "Entwürfe", "Spam", "Papierkorb"],
    ["INBOX.Sent", "INBOX.Drafts", "INBOX.Junk", "INBOX.Trash"],
    ["[Gmail]/Sent Mail", "[Gmail]/Drafts", "[Gmail]/Spam", "[Gmail]/Trash"],
    ["Envoyés", "Brouillons", "Courrier indésirable", "Corbeille"],
  ])("is what its name says: %s, %s, %s, %s", (sent, drafts, spam, trash) => {
    expect(typesOf([sent, drafts, spam, trash].map((path) => folder(path)))).toEqual({
      [sent]: "sent",
      [drafts]: "drafts",
      [spam]: "spam",
      [trash]: "trash",
    });
  });

  it("is given once: to the folder nearest to the top", () => {
    expect(typesOf([folder("Old/Sent"), folder("Sent"), folder("Sent Items")])).toEqual({ Sent: "sent" });
  });

  it("is no archive's and no view's, however it is called", () => {
    expect(typesOf([folder("Trash", ["\\Archive"]), folder("Sent", ["\\All"])])).toEqual({});
  });

  it("is the inbox in any case, and no folder that is only called so", () => {
    expect(typesOf([folder("Inbox"), folder("Posteingang")])).toEqual({ Inbox: "inbox" });
  });
});

describe("the level above", () => {
  const parentsOf = (listed: ListedFolder[], prefix?: string) =>
    Object.fromEntries(nameFolders(listed, prefix).map(({ path, parentPath }) => [path, parentPath]));

  it("is the nearest folder that can be opened", () => {
    const listed = [folder("A"), folder("A/B", ["\\Noselect"]), folder("A/B/C"), folder("D/E")];
    expect(parentsOf(listed)).toEqual({ A: null, "A/B/C": "A", "D/E": null });
  });

  it("is not the prefix that all folders have", () => {
    const listed = [folder("INBOX"), folder("INBOX.Work", [], "."), folder("INBOX.Work.2026", [], ".")];
    expect(parentsOf(listed, "INBOX.")).toEqual({
      INBOX: null,
      "INBOX.Work": null,
      "INBOX.Work.2026": "INBOX.Work",
    });
    expect(parentsOf(listed)).toMatchObject({ "INBOX.Work": "INBOX" });
  });

  it("is none where names have no levels", () => {
    expect(parentsOf([folder("A", [], null), folder("A/B", [], null)])).toEqual({ A: null, "A/B": null });
  });
});
