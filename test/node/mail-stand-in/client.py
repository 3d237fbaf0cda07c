"""Uses a mailbox by Python's own clients, and prints what they see: python3 client.py ca.pem, and settings as JSON."""

import imaplib
import json
import poplib
import smtplib
import ssl
import sys

settings = json.loads(sys.argv[2])
user, password, ports = settings["user"], settings["password"], settings["ports"]
trust = ssl.create_default_context(cafile=sys.argv[1])
seen = {}


def said(answer):
    status, data = answer
    assert status == "OK", answer
    return [each.decode() if isinstance(each, bytes) else each for each in data]


client = imaplib.IMAP4("localhost", ports["imap"])
client.starttls(trust)
client.login(user, password)
seen["folders"] = said(client.list())
seen["exists"] = said(client.select("INBOX"))
_, fetched = client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
seen["raw"] = [each[1].decode() for each in fetched if isinstance(each, tuple)]
seen["found"] = said(client.uid("SEARCH", None, "SUBJECT", '"two"'))
said(client.uid("STORE", "1", "+FLAGS", "(\\Seen kw)"))
said(client.append("Sent", "(\\Seen)", None, b"Subject: appended\r\n\r\nx\r\n"))
said(client.uid("MOVE", "2", "Trash"))
said(client.create("Work/2026"))
said(client.rename("Work/2026", "Work/2027"))
said(client.subscribe("Work/2027"))
seen["below"] = said(client.list("Work/", "%"))
seen["status"] = said(client.status("INBOX", "(MESSAGES UNSEEN)"))
seen["left"] = said(client.uid("SEARCH", None, "ALL"))
client.logout()

client = imaplib.IMAP4_SSL("localhost", ports["imaps"], ssl_context=trust)
client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
seen["trash"] = said(client.select("Trash", readonly=True))
client.logout()

mail = smtplib.SMTP_SSL("localhost", ports["smtps"], context=trust)
mail.login(user, password)
seen["refused"] = mail.sendmail(user, [user], "Subject: three\r\n\r\n.a dot\r\n..\r\n.\r\nend\r\n")
mail.quit()

post = poplib.POP3("localhost", ports["pop3"])
post.stls(trust)
post.user(user)
post.pass_(password)
seen["count"] = post.stat()[0]
seen["uidl"] = len(post.uidl()[1])
seen["top"] = [line.decode() for line in post.top(1, 0)[1]]
seen["last"] = [line.decode() for line in post.retr(seen["count"])[1]]
post.dele(1)
post.quit()

print(json.dumps(seen))
