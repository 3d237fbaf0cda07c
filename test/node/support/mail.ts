import { readFile } from "node:fs/promises";
import { createTransport, type SendMailOptions } from "nodemailer";
import PostalMime, { type Email } from "postal-mime";
import { WAIT_MS, waitFor } from "../../support/wait.ts";
import type { DevServer } from "./dev-server.ts";

/** Sends a mail by SMTP, as any mail program does. */
export async function deliver(
  { smtpPort }: Pick<DevServer, "smtpPort">,
  mail: SendMailOptions,
): Promise<void> {
  const transport = createTransport({ host: "localhost", port: smtpPort, ignoreTLS: true });
  await transport.sendMail({ from: '"Aziza Karimova" <aziza@mijoz.example>', ...mail });
  transport.close();
}

/**
 * Waits for the next mail that the server writes for that address, and reads it.
 * @param since the length of the server's output before the mail was sent
 */
export async function keptMail({ output }: DevServer, recipient: string, since: number) {
  const pattern = new RegExp(`Sent to ${recipient.replace(/\W/g, "\\$&")}.*, kept as (.*)\n`);
  const [, path = ""] = await output.until(pattern, WAIT_MS, since);
  const mail: Email = await PostalMime.parse(await readFile(path));
  return { path, mail };
}

let last = 0;

/** A unique subject. */
export const uniqueSubject = (text: string): string => `${text} ${Date.now().toString(36)}-${++last}`;

/** Sends this many mails to the demo's mailbox. @returns the ids of the stored messages */
export async function receiveMails(server: DevServer, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const subject = uniqueSubject("Jonli");
    await deliver(server, { to: "support@yolchi.example", subject, text: "x" });
    const arrival = async () => {
      const headers = { authorization: `Bearer ${server.token}` };
      const response = await fetch(`${server.url}/messages/?size=10`, { headers });
      const { items } = (await response.json()) as { items: { id: string; subject: string }[] };
      const found = items.find((item) => item.subject === subject);
      if (!found) throw new Error(`No mail "${subject}" yet`);
      return found.id;
    };
    ids.push(await waitFor(arrival));
  }
  return ids;
}
