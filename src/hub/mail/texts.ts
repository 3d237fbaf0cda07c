import { lazy } from "../../lib/lazy.ts";
import type { Language } from "../context.ts";
import type { MailKind } from "./outbox.ts";

/** The words of a mail, around its code or link. */
export interface MailText {
  subject: string;
  before: string;
  after: string;
}

/** The text of a mail. */
export const textOf = (kind: MailKind, language: Language): MailText => texts()[language][kind];

const texts = lazy((): Record<Language, Record<MailKind, MailText>> => ({ uz: uz(), ru: ru(), en: en() }));

const uz = (): Record<MailKind, MailText> => ({
  "signup-code": {
    subject: "UzbekHub: tasdiqlash kodi",
    before: "Roʻyxatdan oʻtishni yakunlash uchun ushbu kodni kiriting:",
    after:
      "Kod 10 daqiqa amal qiladi. Uni hech kimga aytmang. Agar siz roʻyxatdan oʻtmagan boʻlsangiz, bu xatga eʼtibor bermang.",
  },
  "reset-link": {
    subject: "UzbekHub: parolni tiklash",
    before: "Yangi parol oʻrnatish uchun ushbu havolani oching:",
    after:
      "Havola bir soat amal qiladi va faqat bir marta ishlaydi. Agar buni siz soʻramagan boʻlsangiz, bu xatga eʼtibor bermang: parolingiz oʻzgarmaydi.",
  },
  "email-code": {
    subject: "UzbekHub: yangi manzilni tasdiqlash",
    before: "Ushbu manzilni akkauntingizga ulash uchun kodni kiriting:",
    after:
      "Kod 10 daqiqa amal qiladi. Uni hech kimga aytmang. Agar buni siz soʻramagan boʻlsangiz, bu xatga eʼtibor bermang.",
  },
  "delete-code": {
    subject: "UzbekHub: akkauntni oʻchirish kodi",
    before: "Akkauntingizni oʻchirishni tasdiqlash uchun kodni kiriting:",
    after:
      "Kod 10 daqiqa amal qiladi. Oʻchirilgan akkauntni tiklab boʻlmaydi. Agar buni siz soʻramagan boʻlsangiz, parolingizni oʻzgartiring.",
  },
  "password-changed": {
    subject: "UzbekHub: parolingiz oʻzgartirildi",
    before:
      "Akkauntingiz paroli hozirgina oʻzgartirildi va boshqa qurilmalardagi seanslar tugatildi. Agar buni siz qilmagan boʻlsangiz, ushbu havola orqali darhol yangi parol oʻrnating:",
    after: "Havola bir soat amal qiladi. Agar parolni oʻzingiz oʻzgartirgan boʻlsangiz, hech narsa qilmang.",
  },
});

const ru = (): Record<MailKind, MailText> => ({
  "signup-code": {
    subject: "UzbekHub: код подтверждения",
    before: "Чтобы завершить регистрацию, введите этот код:",
    after:
      "Код действует 10 минут. Никому его не сообщайте. Если вы не регистрировались, не обращайте внимания на это письмо.",
  },
  "reset-link": {
    subject: "UzbekHub: восстановление пароля",
    before: "Чтобы задать новый пароль, откройте эту ссылку:",
    after:
      "Ссылка действует один час и только один раз. Если вы этого не просили, не обращайте внимания на это письмо: ваш пароль не изменится.",
  },
  "email-code": {
    subject: "UzbekHub: подтверждение нового адреса",
    before: "Чтобы привязать этот адрес к своему аккаунту, введите код:",
    after:
      "Код действует 10 минут. Никому его не сообщайте. Если вы этого не просили, не обращайте внимания на это письмо.",
  },
  "delete-code": {
    subject: "UzbekHub: код для удаления аккаунта",
    before: "Чтобы подтвердить удаление аккаунта, введите код:",
    after:
      "Код действует 10 минут. Удалённый аккаунт нельзя восстановить. Если вы этого не просили, смените пароль.",
  },
  "password-changed": {
    subject: "UzbekHub: ваш пароль изменён",
    before:
      "Пароль вашего аккаунта только что изменили, сеансы на других устройствах завершены. Если это были не вы, сразу задайте новый пароль по этой ссылке:",
    after: "Ссылка действует один час. Если вы сами сменили пароль, ничего делать не нужно.",
  },
});

const en = (): Record<MailKind, MailText> => ({
  "signup-code": {
    subject: "UzbekHub: confirmation code",
    before: "To complete your sign-up, enter this code:",
    after:
      "The code is valid for 10 minutes. Tell it to nobody. If you have not signed up, ignore this message.",
  },
  "reset-link": {
    subject: "UzbekHub: reset your password",
    before: "To set a new password, open this link:",
    after:
      "The link is valid for one hour and works once. If you have not asked for it, ignore this message: your password stays as it is.",
  },
  "email-code": {
    subject: "UzbekHub: confirm your new address",
    before: "To use this address for your account, enter this code:",
    after:
      "The code is valid for 10 minutes. Tell it to nobody. If you have not asked for it, ignore this message.",
  },
  "delete-code": {
    subject: "UzbekHub: code to delete your account",
    before: "To confirm that your account shall be deleted, enter this code:",
    after:
      "The code is valid for 10 minutes. A deleted account cannot be restored. If you have not asked for it, change your password.",
  },
  "password-changed": {
    subject: "UzbekHub: your password was changed",
    before:
      "The password of your account was changed just now, and your sessions on other devices were ended. If it was not you, set another password at once by this link:",
    after: "The link is valid for one hour. If you changed the password yourself, there is nothing to do.",
  },
});
