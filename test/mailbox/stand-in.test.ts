import { connect } from "cloudflare:sockets";
import { createSocketsTransport, ImapFlow } from "imapflow";
import { expect, test } from "vitest";
import { createMailbox, ports } from "./support/server.ts";

// The stand-in for mail servers, as the runtime of the product reaches it. More of it: test/node/mail-stand-in.

const MAIL = "From: Ali <ali@bozor.example>\r\nSubject: Salom\r\n\r\nAssalomu alaykum\r\n";

const clientOf = (
  { address, password, ports }: Awaited<ReturnType<typeof createMailbox>>,
  encryption: "none" | "tls" | "starttls" = "none",
) =>
  new ImapFlow({
    host: "localhost",
    port: encryption === "tls" ? ports.imaps : ports.imap,
    secure: encryption === "tls",
    doSTARTTLS: encryption === "starttls",
    auth: { user: address, pass: password },
    logger: false,
    qresync: true,
    transport: createSocketsTransport(connect as never), // its types lack workerd's exact options
  });

test.each(["untrusted", "wrongName"] as const)("workerd refuses the certificate that is %s", async (kind) => {
  const socket = connect(
    { hostname: "localhost", port: ports[kind].imaps },
    { secureTransport: "on", allowHalfOpen: false },
  );
  socket.closed.catch(() => {});
  await expect(socket.opened).rejects.toThrow();
});

test.each(["none", "starttls", "tls"] as const)(
  "imapflow reads a mail with encryption %s",
  async (encryption) => {
    const mailbox = await createMailbox();
    const [uid] = await mailbox.deliver(MAIL);
    const client = clientOf(mailbox, encryption);
    await client.connect();
    const lock = await client.getMailboxLock("INBOX");
    const found = await client.fetchOne("*", { uid: true, envelope: true, source: true });
    lock.release();
    await client.logout();
    expect(found).toMatchObject({
      uid,
      envelope: { subject: "Salom", from: [{ address: "ali@bozor.example" }] },
    });
    expect(found ? String(found.source) : null).toBe(MAIL);
    expect((await mailbox.folder()).mails).toMatchObject([{ uid, flags: [] }]);
    expect(await mailbox.connections()).toMatchObject([{ isSecure: encryption !== "none", isOpen: false }]);
  },
);
