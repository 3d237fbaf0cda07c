// biome-ignore-all format: the guide's own text, kept as written
// biome-ignore-all lint: the guide's own text, kept as written

// The frontend guide's live updates, section 13.

import { BASE_URL, TokenStorage } from "./client.ts";
import type { SSEEventData } from "./types.ts";

function connectSSE(
  onMessageCreated: (data: SSEEventData) => void,
  onMessageUpdated: (data: SSEEventData) => void,
  onThreadCreated?: (data: SSEEventData) => void,
  onThreadUpdated?: (data: SSEEventData) => void
): EventSource {
  const token = TokenStorage.get();
  const sse = new EventSource(`${BASE_URL}/sse/events?token=${token}`);

  // Ulanish o'rnatildi
  sse.addEventListener("connected", (e: MessageEvent) => {
    const data = JSON.parse(e.data);
    // data = { message: "connected", user_id: 123 }
    console.log("SSE ulandi:", data.user_id);
  });

  // Yangi xabar keldi
  sse.addEventListener("message.created", (e: MessageEvent) => {
    const data: SSEEventData = JSON.parse(e.data);
    onMessageCreated(data);
  });

  // Xabar yangilandi
  sse.addEventListener("message.updated", (e: MessageEvent) => {
    const data: SSEEventData = JSON.parse(e.data);
    onMessageUpdated(data);
  });

  // Yangi ip yaratildi
  sse.addEventListener("thread.created", (e: MessageEvent) => {
    const data: SSEEventData = JSON.parse(e.data);
    onThreadCreated?.(data);
  });

  // Ip yangilandi
  sse.addEventListener("thread.updated", (e: MessageEvent) => {
    const data: SSEEventData = JSON.parse(e.data);
    onThreadUpdated?.(data);
  });

  // Ulanish xatosi (token muddati tugagan, internet uzilgan va h.k.)
  sse.onerror = () => {
    console.warn("SSE ulanishi uzildi");
    sse.close();
  };

  return sse;
}

// Avtomatik qayta ulanish (token yangilangandan keyin)
function connectSSEWithRetry(
  onMessageCreated: (data: SSEEventData) => void,
  onMessageUpdated: (data: SSEEventData) => void
): () => void {
  let sseConn: EventSource | null = null;
  let retryTimer: ReturnType<typeof setTimeout> | null = null;

  function connect() {
    const token = TokenStorage.get();
    if (!token) return; // Token yo'q — login sahifasiga yo'naltirish kerak

    sseConn = new EventSource(`${BASE_URL}/sse/events?token=${token}`);

    sseConn.addEventListener("connected", () => {
      console.log("SSE ulandi");
    });

    sseConn.addEventListener("message.created", (e: MessageEvent) => {
      onMessageCreated(JSON.parse(e.data));
    });

    sseConn.addEventListener("message.updated", (e: MessageEvent) => {
      onMessageUpdated(JSON.parse(e.data));
    });

    sseConn.onerror = () => {
      sseConn?.close();
      // 5 soniyadan keyin qayta urinish
      retryTimer = setTimeout(connect, 5000);
    };
  }

  connect();

  // Tozalash funksiyasini qaytaradi
  return () => {
    if (retryTimer) clearTimeout(retryTimer);
    sseConn?.close();
  };
}

export {
  connectSSE,
  connectSSEWithRetry,
};
