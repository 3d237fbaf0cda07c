"""A second client of a mailbox: Python's imaplib, which shares no code with ours.

Reads commands from stdin, a JSON object a line: {"do": name, ...}. Answers each by a line of JSON, {"value": ...} or
{"error": ...}. The first one must be "open".
"""

import base64
import email
import email.policy
import hashlib
import imaplib
import json
import re
import socket
import sys

from letters import letter

# A listing of a folder with many mails is one long line for imaplib.
imaplib._MAXLINE = 10_000_000

LIST_LINE = re.compile(rb'\((?P<attributes>[^)]*)\) (?P<delimiter>NIL|"[^"]*") (?P<name>.*)', re.DOTALL)
UID = re.compile(rb"UID (\d+)")
FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")


def encoded(name):
    """Modified UTF-7 (RFC 3501, section 5.1.3), as a quoted string."""
    out, run = [], []

    def flush():
        if run:
            packed = base64.b64encode("".join(run).encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            out.append(f"&{packed}-")
            run.clear()

    for character in name:
        if 0x20 <= ord(character) <= 0x7E:
            flush()
            out.append("&-" if character == "&" else character)
        else:
            run.append(character)
    flush()
    return '"' + "".join(out).replace("\\", "\\\\").replace('"', '\\"') + '"'


def decoded(raw):
    """A name as LIST gives it: an atom or a quoted string, in modified UTF-7."""
    text = raw.decode("ascii")
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])

    def run(match):
        if not match[1]:
            return "&"
        packed = match[1].replace(",", "/")
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")

    return re.sub(r"&([^-]*)-", run, text)


class SecondClient:
    def __init__(self, port, user, password):
        self.imap = imaplib.IMAP4("localhost", port)
        self.imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.imap.login(user, password)
        capability = self.ok(*self.imap.capability())[0].decode().upper().split()
        self.can_move = "MOVE" in capability

    def ok(self, kind, data):
        if kind != "OK":
            raise RuntimeError(f"{kind} {data}")
        return data

    def select(self, folder):
        """Opens a folder, also to learn what has come since. @returns its UIDVALIDITY"""
        self.ok(*self.imap.select(encoded(folder)))
        return int(self.imap.response("UIDVALIDITY")[1][-1])

    def uid(self, *arguments):
        return self.ok(*self.imap.uid(*arguments))

    def folders(self):
        found = {}
        for line in self.ok(*self.imap.list()):
            # A name with special characters comes as a literal, which imaplib gives as a pair.
            head, literal = (line[0], line[1]) if isinstance(line, tuple) else (line, None)
            match = LIST_LINE.match(head) if line else None
            if not match or b"\\noselect" in match["attributes"].lower():
                continue
            if b"\\nonexistent" in match["attributes"].lower():
                continue
            found[decoded(literal if literal is not None else match["name"])] = True
        return sorted(found)

    def list(self):
        """All folders with their mails."""
        return [self.listed(path) for path in self.folders()]

    def listed(self, path):
        uidvalidity = self.select(path)
        mails = []
        for line in self.uid("FETCH", "1:*", "(UID FLAGS)"):
            if not line or not UID.search(line):
                continue
            flags = FLAGS.search(line)[1].decode().split()
            mails.append({"uid": int(UID.search(line)[1]), "flags": [f for f in flags if f != "\\Recent"]})
        return {"path": path, "uidvalidity": str(uidvalidity), "mails": sorted(mails, key=lambda m: m["uid"])}

    def deliver(self, folder, seed, flags=()):
        raw = letter(seed)
        self.ok(*self.imap.append(encoded(folder), f"({' '.join(flags)})", None, raw))

    def store(self, folder, uids, add=(), remove=()):
        self.select(folder)
        for sign, flags in (("+", add), ("-", remove)):
            if flags:
                self.uid("STORE", ",".join(map(str, uids)), f"{sign}FLAGS.SILENT", f"({' '.join(flags)})")

    def copy(self, folder, uids, to):
        self.select(folder)
        self.uid("COPY", ",".join(map(str, uids)), encoded(to))

    def move(self, folder, uids, to):
        if not self.can_move:
            self.copy(folder, uids, to)
            self.expunge(folder, uids)
            return
        self.select(folder)
        self.uid("MOVE", ",".join(map(str, uids)), encoded(to))

    def expunge(self, folder, uids):
        self.store(folder, uids, add=["\\Deleted"])
        self.uid("EXPUNGE", ",".join(map(str, uids)))

    def create(self, folder):
        self.ok(*self.imap.create(encoded(folder)))
        self.imap.subscribe(encoded(folder))

    def delete(self, folder):
        self.leave()
        self.ok(*self.imap.delete(encoded(folder)))

    def rename(self, folder, to):
        self.leave()
        self.ok(*self.imap.rename(encoded(folder), encoded(to)))

    def recreate(self, folder):
        """Another folder of the same name with the same mails: their UIDs and the UIDVALIDITY are new."""
        aside = f"{folder}-aside"
        self.rename(folder, aside)
        self.create(folder)
        self.select(aside)
        if self.uid("SEARCH", "ALL")[0]:
            self.uid("COPY", "1:*", encoded(folder))
        self.delete(aside)

    def leave(self):
        """Selects another folder: not every server renames or deletes the selected one."""
        self.select("INBOX")

    def parts(self, folder, uid):
        """The leaf parts of a mail by their numbers in IMAP: their bytes, decoded, and the texts of its body."""
        self.select(folder)
        found = self.uid("FETCH", str(uid), "(UID BODY.PEEK[])")
        raw = next(item[1] for item in found if isinstance(item, tuple))
        return [self.described(uid, *leaf) for leaf in leaves(email.message_from_bytes(raw, policy=email.policy.default))]

    def described(self, uid, number, part):
        if part.get_content_type() == "message/rfc822":
            # A parser would write it anew.
            found = self.uid("FETCH", str(uid), f"(UID BODY.PEEK[{number}])")
            content = next(item[1] for item in found if isinstance(item, tuple))
        else:
            content = part.get_payload(decode=True) or b""
        is_text = part.get_content_maintype() == "text" and not part.is_attachment()
        return {
            "part": number,
            "type": part.get_content_type(),
            "filename": part.get_filename(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "text": part.get_content() if is_text else None,
        }


def leaves(mail, number=""):
    if mail.get_content_maintype() != "multipart":
        return [(number or "1", mail)]
    parts = enumerate(mail.iter_parts(), start=1)
    return [leaf for at, part in parts for leaf in leaves(part, f"{number}.{at}" if number else str(at))]


def main():
    client = None
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("do")
        try:
            if name == "open":
                client = SecondClient(**command)
                value = None
            else:
                value = getattr(client, name)(**command)
            answer = {"value": value}
        except Exception as error:  # It is told, with its command, to whoever reads the test's failure.
            answer = {"error": f"{name} {command}: {error!r}"}
        print(json.dumps(answer), flush=True)


main()
