// biome-ignore-all format: the guide's own text, kept as written
// biome-ignore-all lint: the guide's own text, kept as written

// The interfaces of the frontend guide: section 18, and the parameters of sections 7 to 10.

// Kompaniya
interface Company {
  id: number;
  name: string;
}

// Email qabul qiluvchi
interface EmailRecipient {
  name?: string;
  email: string;
}

// Email akkount
interface EmailAccount {
  id: string;
  company_id: number;
  email_address: string;
  display_name: string | null;
  provider: string;
  status: "active" | "syncing" | "disconnected";
  last_sync_at: string | null;  // ISO 8601 vaqt
  created_at: string;
  company: Company | null;
}

// Qo'shimcha
interface Attachment {
  id: string;
  message_id: string;
  filename: string;
  content_type: string;  // MIME turi, masalan "application/pdf"
  size_bytes: number;
  is_inline: boolean;    // true = email tanasiga joylashtirilgan
  created_at: string;
}

// Xabar (to'liq)
interface Message {
  id: string;
  thread_id: string;
  email_account_id: string;
  internet_message_id: string;
  from_address: string;
  from_name: string | null;
  to_addresses: EmailRecipient[];
  cc_addresses: EmailRecipient[] | null;
  bcc_addresses: EmailRecipient[] | null;
  subject: string;
  body_html: string | null;   // sanitize qiling!
  body_text: string | null;
  snippet: string | null;
  direction: "inbound" | "outbound";
  has_attachments: boolean;
  sent_at: string;
  created_at: string;
  attachments: Attachment[];
}

// Sahifalangan javob (umumiy generic tip)
interface PaginatedResponse<T> {
  items: T[];
  total: number;
  page: number;
  size: number;
}

// Inbox yozuvi (PATCH operatsiyalari javobida)
interface InboxEntry {
  id: string;
  user_id: number;
  message_id: string;
  thread_id: string;
  email_account_id: string;
  is_read: boolean;
  is_starred: boolean;
  is_archived: boolean;
  read_at: string | null;
  created_at: string;
}

// Inbox elementi (GET /inbox/ ro'yxatida)
interface InboxItem {
  id: string;
  is_read: boolean;
  is_starred: boolean;
  is_archived: boolean;
  read_at: string | null;
  created_at: string;
  message: {
    id: string;
    thread_id: string;
    from_address: string;
    from_name: string | null;
    subject: string;
    snippet: string | null;
    direction: "inbound" | "outbound";
    has_attachments: boolean;
    sent_at: string;
  };
  thread_subject: string;
  thread_message_count: number;
  account_email: string;
}

// O'qilmagan son
interface UnreadCount {
  account_id: string;
  email_address: string;
  unread_count: number;
}

// Ip xulasasi (GET /threads/ ro'yxatida)
interface ThreadSummary {
  id: string;
  email_account_id: string;
  subject: string;
  last_message_at: string;
  message_count: number;
  do_not_delete: boolean;
  created_at: string;
}

// Ip tafsiloti (GET /threads/{id} da)
interface ThreadDetail extends ThreadSummary {
  messages: Message[];  // eng eski birinchi
}

// SSE hodisa ma'lumotlari
interface SSEEventData {
  type: string;
  thread_id: string;
  message_id: string;
  company_id: number;
}

// SSE ulanish hodisasi
interface SSEConnectedData {
  message: string;  // "connected"
  user_id: number;
}

// API xatosi
interface ApiError {
  status: number;
  detail: string;
}

// Email yuborish so'rovi
interface SendEmailRequest {
  email_account_id: string;
  to: EmailRecipient[];
  cc?: EmailRecipient[] | null;
  bcc?: EmailRecipient[] | null;
  subject: string;
  body_html: string;
  body_text?: string | null;
  reply_to_message_id?: string | null;
}

// Akkount yaratish so'rovi
interface CreateAccountRequest {
  company_id: number;
  email_address: string;
  display_name?: string;
  provider?: string;
  grant_id?: string;
}

interface CreateAccountData {
  company_id: number;       // majburiy — qaysi kompaniyaga tegishli
  email_address: string;    // majburiy — noyob email manzil
  display_name?: string;    // ixtiyoriy — yuborilgan emaillarda ko'rinadigan ism
  provider?: string;        // ixtiyoriy — standart: "godaddy". "gmail" ham bo'lishi mumkin
  grant_id?: string;        // ixtiyoriy — Nylas grant identifikatori (quyida tushuntirish bor)
}

interface UpdateAccountData {
  display_name?: string; // ko'rsatma nomini yangilash
  status?: string;       // holatni yangilash
}

interface GetMessagesParams {
  page?: number;        // standart: 1, min: 1
  size?: number;        // standart: 25
  account_id?: string;  // ixtiyoriy — muayyan akkount bo'yicha filtr
}

// The one change to the guide's text: its own example sends `bcc: null` and `reply_to_message_id: null`, which its
// type does not allow; section 18 allows null in these four fields.
interface SendEmailData {
  email_account_id: string;                    // majburiy — qaysi akkountdan yuborish
  to: { name?: string; email: string }[];      // majburiy — qabul qiluvchilar
  cc?: { name?: string; email: string }[] | null;     // ixtiyoriy — CC
  bcc?: { name?: string; email: string }[] | null;    // ixtiyoriy — BCC
  subject: string;                             // majburiy — mavzu
  body_html: string;                           // majburiy — HTML tarkib
  body_text?: string | null;                          // ixtiyoriy — oddiy matn (fallback)
  reply_to_message_id?: string | null;                // ixtiyoriy — javob beriladigan xabar ID
}

interface GetInboxParams {
  page?: number;         // standart: 1, min: 1
  size?: number;         // standart: 25, maks: 100
  is_read?: boolean;     // false=faqat o'qilmagan, true=faqat o'qilgan, ko'rsatilmasa=ikkalasi
  account_id?: string;   // ixtiyoriy — muayyan akkount bo'yicha filtr
}

interface GetThreadsParams {
  account_id?: string; // ixtiyoriy — muayyan akkount bo'yicha filtr
  page?: number;       // standart: 1, min: 1
  size?: number;       // standart: 25, maks: 100
}

export type {
  ApiError,
  Attachment,
  Company,
  CreateAccountData,
  CreateAccountRequest,
  EmailAccount,
  EmailRecipient,
  GetInboxParams,
  GetMessagesParams,
  GetThreadsParams,
  InboxEntry,
  InboxItem,
  Message,
  PaginatedResponse,
  SendEmailData,
  SendEmailRequest,
  SSEConnectedData,
  SSEEventData,
  ThreadDetail,
  ThreadSummary,
  UnreadCount,
  UpdateAccountData,
};
