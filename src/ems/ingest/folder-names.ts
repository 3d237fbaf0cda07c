import { lazy } from "../../lib/lazy.ts";
import type { Folder } from "../folders.ts";

/** Special uses of RFC 6154 section 2, and others of providers. Null: a label, not a place. */
const BY_ATTRIBUTE: Record<string, Folder | null> = {
  "\\inbox": "inbox",
  "\\sent": "sent",
  "\\drafts": "drafts",
  "\\junk": "junk",
  "\\spam": "junk",
  "\\trash": "trash",
  "\\archive": "archive",
  "\\all": "archive",
  "\\allmail": "archive",
  "\\flagged": null,
  "\\starred": null,
  "\\important": null,
};

/** Names that mail programs and servers use, without case, blanks, hyphens and underscores. */
const NAMES: Record<Folder, string> = {
  inbox: `inbox, posteingang, boîtederéception, bandejadeentrada, postainarrivo, caixadeentrada, входящие, kiruvchi,
    kiruvchixatlar, kelganxatlar, кирувчи, gelenkutusu, кіріс, вхідні, 收件箱, 受信トレイ, odebrane`,
  sent: `sent, sentitems, sentmail, sentmessages, sentemails, gesendet, gesendeteelemente, gesendeteobjekte,
    gesendetenachrichten, envoyés, élémentsenvoyés, messagesenvoyés, courriersenvoyés, enviados, elementosenviados,
    mensajesenviados, correoenviado, itensenviados, emailsenviados, inviati, inviata, postainviata, elementiinviati,
    verzonden, verzondenitems, отправленные, отправленныесообщения, отправленныеписьма, исходящие, відправлені,
    надіслані, yuborilgan, yuborilganlar, yuborilganxatlar, jo'natilganlar, юборилган, юборилганлар, gönderilmiş,
    gönderilmişöğeler, gönderilenler, gönderilmişpostalar, жіберілгендер, wysłane, elementywysłane, skickat, sendt,
    已发送, 已发送邮件, 送信済み, 送信済みアイテム`,
  drafts: `draft, drafts, entwurf, entwürfe, brouillon, brouillons, borradores, rascunhos, bozze, concepten,
    черновик, черновики, чернетки, qoralama, qoralamalar, қоралама, қораламалар, taslaklar, шимайлар, robocze,
    kopierobocze, utkast, 草稿, 草稿箱, 下書き`,
  junk: `junk, junkemail, junkmail, junkemails, spam, bulkmail, spamverdacht, unerwünscht, junkemailordner,
    courrierindésirable, indésirables, pourriel, correonodeseado, lixoeletrônico, lixoeletrónico, postaindesiderata,
    ongewenstemail, спам, нежелательнаяпочта, нежелательные, небажанапошта, istalmagan, keraksiz, keraksizxatlar,
    спамлар, gereksiz, gereksizeposta, istenmeyen, wiadomościśmieci, skräppost, 垃圾邮件, 迷惑メール`,
  trash: `trash, bin, deleted, deleteditems, deletedmessages, wastebasket, papierkorb, gelöscht, gelöschteelemente,
    gelöschteobjekte, corbeille, élémentssupprimés, messagessupprimés, papelera, elementoseliminados, lixeira,
    itensexcluídos, itenseliminados, cestino, postaeliminata, prullenbak, verwijderd, verwijderdeitems, корзина,
    удаленные, удалённые, удаленныесообщения, удалённыесообщения, кошик, видалені, savat, o'chirilgan, o'chirilganlar,
    корзинка, сават, ўчирилганлар, çöpkutusu, çöp, silinmişöğeler, silinenler, себет, kosz, elementyusunięte,
    papperskorg, 已删除, 已删除邮件, 垃圾箱, 削除済みアイテム, ごみ箱`,
  archive: `archive, archives, archiv, archivio, archivo, arquivo, archief, архив, arxiv, arşiv, мұрағат, archiwum,
    allmail, allenachrichten, touslesmessages, всяпочта, 归档`,
};

const byName = lazy(
  () =>
    new Map<string, Folder>(
      (Object.entries(NAMES) as [Folder, string][]).flatMap(([folder, names]) =>
        names.split(/,\s+/).map((name): [string, Folder] => [plain(name), folder]),
      ),
    ),
);

/** Gmail labels that are not places. */
const NO_PLACE = /^(UNREAD|STARRED|IMPORTANT|CHAT|CATEGORY_[A-Z]+)$/;

/** Normalises spellings of one name. */
const plain = (name: string): string =>
  name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[‘’ʻʼ`]/g, "'")
    .replace(/[\s_-]+/g, "");

/** Some servers nest folders below the inbox; Gmail nests its own below a folder of its name. */
const PARENT = /^(?:inbox[./]|\[(?:gmail|google mail)\]\/)/i;

/**
 * Classifies a folder by its whole name or id. Words inside a name do not count: "To be sent" is an ordinary
 * folder.
 * @returns null for a label that is not a place; undefined for an unknown name
 */
export function folderByName(name: string): Folder | null | undefined {
  if (NO_PLACE.test(name)) return null;
  return byName().get(plain(name)) ?? byName().get(plain(name.replace(PARENT, "")));
}

/**
 * Classifies a folder by its special use, else by its name. User-made folders are archive.
 * @returns null for a label that is not a place
 */
export function folderOf({ id, name, attributes }: { id: string; name: string; attributes: string[] }) {
  for (const attribute of attributes) {
    const folder = BY_ATTRIBUTE[attribute.toLowerCase()];
    if (folder !== undefined) return folder;
  }
  const named = folderByName(name);
  return named !== undefined ? named : (folderByName(id) ?? "archive");
}
