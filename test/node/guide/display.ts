// biome-ignore-all format: the guide's own text, kept as written
// biome-ignore-all lint: the guide's own text, kept as written

// What the frontend guide shows to the user: sections 2, 11, 14 and 15.

import { getInbox, TokenStorage } from "./client.ts";
import type { ApiError, EmailAccount, InboxEntry, Message } from "./types.ts";

// Misol: oddiy alert (ishlab chiqishda)
function showNotification(message: string, type: "error" | "warning" | "info" | "success") {
  console.log(`[${type.toUpperCase()}] ${message}`);
  // Haqiqiy ilovada: toast, snackbar, yoki modal ko'rsating
  // Masalan: toast.error(message) — react-hot-toast bilan
  // Yoki: notification.open({ message, type }) — Ant Design bilan
}

// Sana va vaqtni o'zbek/lotin formatida ko'rsatish
function formatDate(isoString: string): string {
  const date = new Date(isoString);
  return date.toLocaleDateString("uz-UZ", {
    year: "numeric",
    month: "long",
    day: "numeric",
  });
  // → "21-fevral, 2026"
}

function formatTime(isoString: string): string {
  const date = new Date(isoString);
  return date.toLocaleTimeString("uz-UZ", {
    hour: "2-digit",
    minute: "2-digit",
  });
  // → "09:15"
}

function formatDateTime(isoString: string): string {
  return `${formatDate(isoString)}, ${formatTime(isoString)}`;
  // → "21-fevral, 2026, 09:15"
}

// Nisbiy vaqt ("3 daqiqa oldin", "2 soat oldin")
function timeAgo(isoString: string): string {
  const diff = Date.now() - new Date(isoString).getTime();
  const minutes = Math.floor(diff / 60000);
  const hours = Math.floor(diff / 3600000);
  const days = Math.floor(diff / 86400000);

  if (minutes < 1)  return "Hozir";
  if (minutes < 60) return `${minutes} daqiqa oldin`;
  if (hours < 24)   return `${hours} soat oldin`;
  return `${days} kun oldin`;
}

// size_bytes ni o'qilishi qulay formatga aylantirish
function formatFileSize(bytes: number): string {
  if (bytes < 1024)             return `${bytes} B`;
  if (bytes < 1024 * 1024)      return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}

// from_name null bo'lishi mumkin — email manzilni fallback sifatida ishlating
function getSenderName(message: Message): string {
  return message.from_name ?? message.from_address;
  // "John Customer" yoki "john@customer.com"
}

// body_html null bo'lishi mumkin — body_text ga fallback
function getMessageBody(message: Message): string {
  return message.body_html ?? message.body_text ?? "(Xabar tarkibi yo'q)";
}

// snippet null bo'lishi mumkin
function getSnippet(message: Message): string {
  return message.snippet ?? message.body_text?.slice(0, 100) ?? "";
}

// cc_addresses va bcc_addresses null bo'lishi mumkin
function formatRecipients(
  recipients: { name?: string; email: string }[] | null
): string {
  if (!recipients || recipients.length === 0) return "";
  return recipients.map((r) => r.name ?? r.email).join(", ");
}

// last_sync_at null bo'lishi mumkin (hali sinxronizatsiya bo'lmagan)
function getSyncStatus(account: EmailAccount): string {
  if (!account.last_sync_at) return "Hali sinxronizatsiya bo'lmagan";
  return `Oxirgi sinxronizatsiya: ${timeAgo(account.last_sync_at)}`;
}

// read_at null bo'lishi mumkin (hali o'qilmagan)
function getReadTime(entry: InboxEntry): string {
  if (!entry.read_at) return "O'qilmagan";
  return `O'qildi: ${formatDateTime(entry.read_at)}`;
}

function handleApiError(error: unknown): void {
  const err = error as ApiError;

  switch (err.status) {
    case 400:
      // Forma validatsiya xatosi — detail ni ko'rsating
      showNotification(err.detail, "error");
      break;

    case 401:
      // Token yo'q yoki muddati tugagan — login sahifasiga yo'naltiring
      TokenStorage.remove();
      window.location.href = "/login";
      break;

    case 403:
      showNotification("Sizda bu amalni bajarishga ruxsat yo'q", "warning");
      break;

    case 404:
      showNotification("Ma'lumot topilmadi", "info");
      break;

    case 500:
      showNotification("Server xatosi. Keyinroq urinib ko'ring", "error");
      break;

    default:
      showNotification("Kutilmagan xato yuz berdi", "error");
  }
}

// Barcha API chaqiruvlarini try/catch bilan o'rang
async function safeGetInbox() {
  try {
    return await getInbox();
  } catch (err) {
    handleApiError(err);
    return null;
  }
}

export {
  formatDate,
  formatDateTime,
  formatFileSize,
  formatRecipients,
  formatTime,
  getMessageBody,
  getReadTime,
  getSenderName,
  getSnippet,
  getSyncStatus,
  handleApiError,
  safeGetInbox,
  showNotification,
  timeAgo,
};
