import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { link, one, openPage, server, two } from "../support/chat-page.ts";

// The contract's JavaScript for chat, word for word, in a browser.

const CONTRACT = readFileSync("test/fixtures/uzbekhub-api.md", "utf8");
const [, chapter = ""] = CONTRACT.split("### Chat WebSocket\n");
const [connect = "", send = ""] = [...chapter.matchAll(/```javascript\n(.*?)```/gs)].map(([, code]) => code);

interface Room {
  id: string;
  room_type: string;
  member_count: number;
  last_message: { text: string } | null;
}

async function ask<T>(path: string, token: string): Promise<T> {
  const response = await fetch(server + path, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

test("the demo has a talk of two and a group, with messages", async () => {
  const rooms = await waitFor(async () => {
    const found = await ask<Room[]>("/api/chat/rooms/", two);
    for (const { last_message } of found) expect(last_message).not.toBeNull();
    return found;
  });
  expect(rooms.map(({ room_type, member_count }) => [room_type, member_count]).sort()).toEqual([
    ["group", 5],
    ["private", 2],
  ]);
});

test("the contract's JavaScript runs word for word, with one more frame that brings the token", async () => {
  expect(connect).toContain("new WebSocket('ws://your-domain/ws/chat/room-uuid/')");
  expect(send).toContain("'message': 'Hello!'");
  const rooms = await ask<Room[]>("/api/chat/rooms/", one);
  const room = rooms.find(({ room_type }) => room_type === "private")?.id ?? "";
  const page = await openPage(link.href.replace(link.hash, ""));
  const logged: unknown[][] = [];
  page.on("console", async (message) => {
    logged.push(await Promise.all(message.args().map((each) => each.jsonValue())));
  });
  const said = (...words: unknown[]) => waitFor(() => expect(logged).toContainEqual(words));
  const run = (content: string) => page.addScriptTag({ content });

  await run(connect.replace("your-domain", new URL(server).host).replace("room-uuid", room));
  await said("Connected to chat");
  expect(logged).toHaveLength(1);
  await run(`socket.send(${JSON.stringify(JSON.stringify({ type: "auth", token: one }))})`);
  await said("Message received:", expect.objectContaining({ type: "hello", room }));
  await run(send);
  const hello = { type: "chat_message", room, message: "Hello!", text: "Hello!", reply_to: null };
  await said("Message received:", expect.objectContaining({ ...hello, attachments: [], is_edited: false }));
  const path = `/api/chat/message/${room}/list_by_room/?limit=1`;
  const { results } = await ask<{ results: { text: string }[] }>(path, two);
  expect(results).toMatchObject([{ text: "Hello!" }]);
  await run("socket.close()");
  await said("Disconnected from chat");
});
