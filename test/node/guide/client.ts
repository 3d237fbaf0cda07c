// biome-ignore-all format: the guide's own text, kept as written
// biome-ignore-all lint: the guide's own text, kept as written

// The frontend guide's client, sections 2, 7 to 11 and 16. Left out of the guide is only what needs a page
// (React, DOMPurify, document). BASE_URL is `let` here, since the server's port is not known beforehand.

import type {
  Attachment,
  CreateAccountData,
  EmailAccount,
  GetInboxParams,
  GetMessagesParams,
  GetThreadsParams,
  InboxEntry,
  InboxItem,
  Message,
  PaginatedResponse,
  SendEmailData,
  ThreadDetail,
  ThreadSummary,
  UnreadCount,
  UpdateAccountData,
} from "./types.ts";

let BASE_URL = "https://api.example.com"; // o'zingizning API URL ingiz

// Tokenni saqlash/olish
const TokenStorage = {
  save: (token: string) => localStorage.setItem("jwt_token", token),
  get: () => localStorage.getItem("jwt_token"),
  remove: () => localStorage.removeItem("jwt_token"),
};

// Umumiy so'rov yordamchisi — barcha API chaqiruvlar shu orqali o'tadi
async function apiRequest<T>(
  endpoint: string,
  options: RequestInit = {}
): Promise<T> {
  const token = TokenStorage.get();

  const response = await fetch(`${BASE_URL}${endpoint}`, {
    ...options,
    headers: {
      "Content-Type": "application/json",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...options.headers,
    },
  });

  // 204 No Content (DELETE operatsiyalarida javob bo'lmaydi)
  if (response.status === 204) return null as T;

  const data = await response.json().catch(() => ({}));

  if (!response.ok) {
    // { status: 404, detail: "Message not found" } shaklida xato tashlaydi
    throw { status: response.status, detail: data.detail ?? "Xato yuz berdi" };
  }

  return data as T;
}

async function createAccount(data: CreateAccountData): Promise<EmailAccount> {
  return apiRequest<EmailAccount>("/accounts/", {
    method: "POST",
    body: JSON.stringify(data),
  });
}

async function getAccounts(): Promise<EmailAccount[]> {
  return apiRequest<EmailAccount[]>("/accounts/");
}

async function getAccount(accountId: string): Promise<EmailAccount> {
  return apiRequest<EmailAccount>(`/accounts/${accountId}`);
}

async function updateAccount(
  accountId: string,
  data: UpdateAccountData
): Promise<EmailAccount> {
  return apiRequest<EmailAccount>(`/accounts/${accountId}/`, {
    method: "PATCH",
    body: JSON.stringify(data),
  });
}

async function deleteAccount(accountId: string): Promise<void> {
  await apiRequest<null>(`/accounts/${accountId}`, { method: "DELETE" });
  // 204 qaytadi — javob tanasi yo'q
}

async function getMessages(
  params: GetMessagesParams = {}
): Promise<PaginatedResponse<Message>> {
  const query = new URLSearchParams();
  if (params.page)       query.set("page", String(params.page));
  if (params.size)       query.set("size", String(params.size));
  if (params.account_id) query.set("account_id", params.account_id);

  return apiRequest<PaginatedResponse<Message>>(`/messages/?${query}`);
}

async function getMessage(messageId: string): Promise<Message> {
  return apiRequest<Message>(`/messages/${messageId}`);
}

async function sendEmail(data: SendEmailData): Promise<Message> {
  return apiRequest<Message>("/messages/send/", {
    method: "POST",
    body: JSON.stringify(data),
  });
}

async function replyToMessage(
  messageId: string,
  data: SendEmailData
): Promise<Message> {
  return apiRequest<Message>(`/messages/${messageId}/reply`, {
    method: "POST",
    body: JSON.stringify(data),
  });
}

async function getInbox(
  params: GetInboxParams = {}
): Promise<PaginatedResponse<InboxItem>> {
  const query = new URLSearchParams();
  if (params.page)               query.set("page", String(params.page));
  if (params.size)               query.set("size", String(params.size));
  if (params.is_read !== undefined) query.set("is_read", String(params.is_read));
  if (params.account_id)         query.set("account_id", params.account_id);

  return apiRequest<PaginatedResponse<InboxItem>>(`/inbox/?${query}`);
}

async function getUnreadCounts(): Promise<UnreadCount[]> {
  return apiRequest<UnreadCount[]>("/inbox/unread-counts");
}

async function markAsRead(inboxId: string): Promise<InboxEntry> {
  return apiRequest<InboxEntry>(`/inbox/${inboxId}/read`, {
    method: "PATCH",
    body: JSON.stringify({}),
  });
}

async function markAsUnread(inboxId: string): Promise<InboxEntry> {
  return apiRequest<InboxEntry>(`/inbox/${inboxId}/unread`, {
    method: "PATCH",
    body: JSON.stringify({}),
  });
}

async function toggleStar(inboxId: string): Promise<InboxEntry> {
  return apiRequest<InboxEntry>(`/inbox/${inboxId}/star`, {
    method: "PATCH",
    body: JSON.stringify({}),
  });
}

async function archiveItem(inboxId: string): Promise<InboxEntry> {
  return apiRequest<InboxEntry>(`/inbox/${inboxId}/archive`, {
    method: "PATCH",
    body: JSON.stringify({}),
  });
}

async function markThreadAsRead(
  threadId: string
): Promise<{ updated: number }> {
  return apiRequest<{ updated: number }>(
    `/inbox/threads/${threadId}/read`,
    { method: "PATCH", body: JSON.stringify({}) }
  );
}

async function getThreads(
  params: GetThreadsParams = {}
): Promise<PaginatedResponse<ThreadSummary>> {
  const query = new URLSearchParams();
  if (params.account_id) query.set("account_id", params.account_id);
  if (params.page)       query.set("page", String(params.page));
  if (params.size)       query.set("size", String(params.size));

  return apiRequest<PaginatedResponse<ThreadSummary>>(`/threads/?${query}`);
}

async function getThread(threadId: string): Promise<ThreadDetail> {
  return apiRequest<ThreadDetail>(`/threads/${threadId}`);
}

async function updateThread(
  threadId: string,
  data: { do_not_delete?: boolean }
): Promise<ThreadDetail> {
  return apiRequest<ThreadDetail>(`/threads/${threadId}`, {
    method: "PATCH",
    body: JSON.stringify(data),
  });
}

async function getAttachments(messageId: string): Promise<Attachment[]> {
  return apiRequest<Attachment[]>(`/attachments/message/${messageId}`);
}

async function getDownloadUrl(
  attachmentId: string
): Promise<{ download_url: string }> {
  return apiRequest<{ download_url: string }>(
    `/attachments/${attachmentId}/download`
  );
}

function getPaginationInfo(response: PaginatedResponse<unknown>) {
  const totalPages = Math.ceil(response.total / response.size);
  return {
    currentPage: response.page,
    totalPages,
    totalItems: response.total,
    pageSize: response.size,
    hasPrevPage: response.page > 1,
    hasNextPage: response.page < totalPages,
  };
}

/** Sets the server's URL, which the guide's reader edits in. */
const setBaseUrl = (url: string) => {
  BASE_URL = url;
};

export {
  apiRequest,
  archiveItem,
  BASE_URL,
  createAccount,
  deleteAccount,
  getAccount,
  getAccounts,
  getAttachments,
  getDownloadUrl,
  getInbox,
  getMessage,
  getMessages,
  getPaginationInfo,
  getThread,
  getThreads,
  getUnreadCounts,
  markAsRead,
  markAsUnread,
  markThreadAsRead,
  replyToMessage,
  sendEmail,
  setBaseUrl,
  TokenStorage,
  toggleStar,
  updateAccount,
  updateThread,
};
