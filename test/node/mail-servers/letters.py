"""Mails of every kind, each from a number: the same number makes the same bytes."""

import datetime
import email.policy
import random
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

PEOPLE = [
    ("Ольга Петрова", "olga"),
    ("José García", "jose"),
    ("山田太郎", "yamada"),
    ("O'Brien, Pat", "pat"),
    ("", "robot"),
    ("Gulnora Yoʻldosheva", "gulnora"),
]
WORDS = "invoice report delivery schedule meeting budget shipment pallet quarterly contract draft customs".split()
CYRILLIC = "Здравствуйте, отправляем счёт и договор. Ждём ответа."
JAPANESE = "お世話になっております。請求書を送付します。"
START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)


def letter(seed):
    """@returns a mail as bytes, with CRLF"""
    r = random.Random(seed)
    mail = EmailMessage(policy=email.policy.SMTP)
    name, user = r.choice(PEOPLE)
    mail["From"] = Address(name, user, f"example{r.randrange(4)}.com")
    mail["To"] = [Address("Sardor", "sardor", "demo.example")]
    if r.random() < 0.3:
        mail["Cc"] = [Address("", "team", "example.org"), Address("Анна", "anna", "example.org")]
    mail["Subject"] = " ".join(r.sample(WORDS, 3)) + r.choice(["", " — счёт №7", " 請求書", "  twice  spaced"])
    mail["Date"] = format_datetime(START + datetime.timedelta(minutes=r.randrange(300_000)))
    # Some mails have none, and some share one.
    if r.random() < 0.9:
        mail["Message-ID"] = f"<{r.choice([seed, seed, seed, seed // 7])}.xabar@example.com>"
    if r.random() < 0.3:
        mail["References"] = f"<{max(0, seed - 1)}.xabar@example.com>"
    text(mail, r)
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        attach(mail, r, seed)
    return mail.as_bytes()


def text(mail, r):
    body = "\n".join(" ".join(r.choices(WORDS, k=10)) for _ in range(r.randrange(1, 20))) + "\n"
    kind = r.randrange(7)
    if kind == 0:
        mail.set_content(CYRILLIC + "\n", charset=r.choice(["koi8-r", "windows-1251", "utf-8"]))
    elif kind == 1:
        mail.set_content(JAPANESE + "\n", charset=r.choice(["iso-2022-jp", "utf-8"]))
    elif kind == 2:
        mail.set_content(f"<p>{body}</p>\n", subtype="html")
    elif kind == 3:
        mail.set_content("")
    else:
        mail.set_content(body + CYRILLIC + "\n", cte=r.choice(["base64", "quoted-printable", "8bit"]))
    if kind > 3 and r.random() < 0.6:
        mail.add_alternative(f"<html><body>{body}<img src='cid:logo'></body></html>\n", subtype="html")
        if r.random() < 0.5:
            related = mail.get_payload()[1]
            related.add_related(r.randbytes(300), "image", "png", cid="<logo>", filename="logo.png")


def attach(mail, r, seed):
    kind = r.randrange(4)
    if kind == 0:
        size = r.choice([0, 1, 57, 3000, 40_000])
        name = r.choice(["report.pdf", "Отчёт за квартал — очень длинное имя файла с пробелами.pdf", "a;b=c.pdf"])
        mail.add_attachment(r.randbytes(size), maintype="application", subtype="pdf", filename=name)
    elif kind == 1:
        mail.add_attachment("a;b;c\r\n1;2;3\r\n" * 20, subtype="csv", filename="data.csv")
    elif kind == 2:
        inner = EmailMessage(policy=email.policy.SMTP)
        inner["From"] = "inner@example.com"
        inner["Subject"] = "вложенное письмо"
        inner["Message-ID"] = f"<inner{seed}@example.com>"
        inner.set_content("inner\n")
        mail.add_attachment(inner)
    else:
        mail.add_attachment(r.randbytes(500), maintype="image", subtype="png", filename="фото.png")
