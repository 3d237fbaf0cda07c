import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Where the first connection through a proxy is cut; the mail's final dot is the line that ends it. */
export type Cut = "before DATA" | "in the mail" | "before the dot" | "after the dot" | "before the reply";

/**
 * Starts a proxy of an SMTP server without TLS that cuts its first connection, and no other.
 * @returns its port
 */
export async function startSmtpProxy(target: number, cut: Cut): Promise<number> {
  let taken = 0;
  const proxy = createServer((client) => {
    client.unref();
    const server = connect(target, "127.0.0.1").unref();
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.setNoDelay().on("error", end).on("close", end);
    if (taken++ === 0) cutAt(cut, client, server, end);
    else {
      client.pipe(server);
      server.pipe(client);
    }
  }).unref();
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return (proxy.address() as AddressInfo).port;
}

function cutAt(cut: Cut, client: Socket, server: Socket, end: () => void): void {
  let sent = "";
  let isEnded = false;
  server.on("data", (chunk: Buffer) => {
    if (isEnded) end();
    else client.write(chunk);
  });
  client.on("data", (chunk: Buffer) => {
    sent += chunk.toString("latin1");
    const [, mail] = sent.split(/(?<=\r\n)DATA\r\n/, 2);
    if (mail === undefined) return void server.write(chunk);
    if (cut === "before DATA") return end();
    if (mail === "") return void server.write(chunk);
    if (cut === "in the mail") {
      // Half of what has come of it: the server waits for the rest, and gets none.
      server.write(mail.slice(0, mail.length / 2), "latin1", end);
      return;
    }
    const dot = /(?<=^|\r\n)\.\r\n$/.exec(mail);
    if (!dot) return void server.write(chunk);
    if (cut === "before the dot") return end();
    isEnded = cut === "before the reply";
    const rest = chunk.toString("latin1");
    server.write(rest, "latin1", () => {
      if (cut === "after the dot") end();
    });
  });
}
