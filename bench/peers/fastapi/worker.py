"""Applies the notifications of the Redis stream, each in one statement and so one transaction, several at a time.

Before its XACK everything of a mail is committed: PostgreSQL runs with its defaults, fsync and synchronous_commit
on, as our own commits are durable. What the door has taken in and nobody has applied yet is in Redis's append-only
file, which is flushed every second; the Worker's door waits for R2 and the queue.

Of what the Worker does, this leaves out changes to a mail that is known, deletions, and to join threads that a later
mail shows to be one.
"""
import asyncio
import json
import os
import re
import sys
import time
from collections import defaultdict
from datetime import datetime, timezone
from uuid import UUID

import asyncpg
import uvloop
from redis.asyncio import Redis
from redis.exceptions import ResponseError

STREAM, GROUP = "webhooks", "ingest"
LANES = 8
# Of one lane at a time.
BATCH = 10
MAX_EVENTS = 10_000

# Of one mailbox one after the other: two mails that belong together cannot miss each other.
mailboxes = defaultdict(asyncio.Lock)

FIND_PLACE = """
    SELECT a.id, a.company_id, a.email_address,
      EXISTS (SELECT FROM messages m WHERE m.account_id = a.id AND m.provider_message_id = $2) AS is_known,
      (SELECT thread_id FROM messages m WHERE m.account_id = a.id AND m.provider_thread_id = $3 LIMIT 1) AS by_provider,
      (SELECT thread_id FROM messages m WHERE m.account_id = a.id AND m.internet_message_id = ANY ($4::text[]) LIMIT 1)
        AS by_references
    FROM accounts a WHERE a.grant_id = $1"""

RECORD_DELIVERY = """
    INSERT INTO deliveries SELECT * FROM json_populate_record(NULL::deliveries, $1) ON CONFLICT (id) DO NOTHING"""

# $1 the delivery, $2 the message, $3 its attachments, $4 whether it begins its thread. All of it hangs on the
# message's row: when another delivery was first there is none, and nothing else happens. Whoever has a watermark
# above a mail that comes late gets an entry for it.
STORE_MESSAGE = f"""
    WITH delivery AS ({RECORD_DELIVERY}), m AS (
      INSERT INTO messages SELECT * FROM json_populate_record(NULL::messages, $2)
      ON CONFLICT (account_id, provider_message_id) DO NOTHING RETURNING *
    ), files AS (
      INSERT INTO attachments SELECT f.* FROM m CROSS JOIN json_populate_recordset(NULL::attachments, $3) f
    ), begun AS (
      INSERT INTO threads (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at,
        message_count, version, created_at)
      SELECT thread_id, company_id, account_id, provider_thread_id, subject, sent_at, sent_at, 1, 1, created_at
      FROM m WHERE $4
    ), grown AS (
      UPDATE threads t SET message_count = t.message_count + 1, version = t.version + 1,
        last_message_at = greatest(last_message_at, m.sent_at), first_message_at = least(first_message_at, m.sent_at),
        subject = CASE WHEN (m.sent_at, m.subject) < (first_message_at, t.subject) THEN m.subject ELSE t.subject END
      FROM m WHERE t.id = m.thread_id AND NOT $4
    ), counters AS (
      UPDATE accounts a SET message_count = a.message_count + 1, thread_count = a.thread_count + $4::int
      FROM m WHERE a.id = m.account_id
    ), late AS (
      INSERT INTO inbox_entries (user_id, message_id, account_id, sent_at)
      SELECT w.user_id, m.id, m.account_id, m.sent_at
      FROM m JOIN inbox_watermarks w ON w.account_id = m.account_id AND w.sent_at >= m.sent_at
      WHERE (w.sent_at, w.message_id) > (m.sent_at, m.id)
    )
    INSERT INTO events (company_id, type, thread_id, message_id, cause)
    SELECT m.company_id, e.type, m.thread_id, m.id, e.cause || m.id FROM m CROSS JOIN (VALUES
      ('message.created', 'message.created/'),
      (CASE WHEN $4 THEN 'thread.created' ELSE 'thread.updated' END, 'thread.grown/')) e (type, cause)
    RETURNING id, company_id, type, thread_id, message_id"""


def uuid7() -> UUID:
    bits = time.time_ns() // 10**6 << 80 | int.from_bytes(os.urandom(10), "big")
    return UUID(int=bits & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def from_seconds(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), timezone.utc)


def message_ids(mail: dict, *names: str) -> list:
    headers = [each["value"] for each in mail.get("headers") or [] if each["name"].lower() in names]
    return [found for value in headers for found in re.findall(r"<[^<>\s]{1,500}>", value)]


def addresses(people) -> list:
    return [{key: each[key] for key in ("name", "email") if each.get(key)} for each in people or []]


def message_of(mail: dict, message_id: UUID, account, files: list) -> dict:
    """The row of a mail, but for its thread."""
    sender = (mail.get("from") or [{}])[0]
    body = mail.get("body") or ""
    is_html = re.search(r"<(!doctype|!--|/?[a-z][a-z0-9]*(\s[^>]*)?/?>)", body, re.I) is not None
    is_sent = any(re.search(r"\bsent\b", folder, re.I) for folder in mail.get("folders") or [])
    is_own = sender.get("email", "").lower() == account["email_address"].lower()
    return {
        "id": message_id,
        "company_id": account["company_id"],
        "account_id": account["id"],
        "provider_message_id": mail["id"],
        "provider_thread_id": mail.get("thread_id"),
        "internet_message_id": next(iter(message_ids(mail, "message-id")), None),
        "from_address": sender.get("email", ""),
        "from_name": sender.get("name") or None,
        "to_addresses": addresses(mail.get("to")),
        "cc_addresses": addresses(mail.get("cc")) or None,
        "bcc_addresses": addresses(mail.get("bcc")) or None,
        "subject": mail.get("subject") or "",
        "snippet": mail.get("snippet") or " ".join(re.sub(r"<[^>]*>", " ", body).split())[:200] or None,
        "direction": "outbound" if is_own or is_sent else "inbound",
        "folder": "sent" if is_sent else "inbox",
        "has_attachments": not all(file["is_inline"] for file in files),
        "sent_at": from_seconds(mail.get("date") or time.time()),
        "created_at": from_seconds(time.time()),
        "body_html" if is_html else "body_text": body,
    }


def attachments_of(mail: dict, message_id: UUID) -> list:
    body = (mail.get("body") or "").lower()
    return [
        {
            "id": uuid7(),
            "message_id": message_id,
            "provider_attachment_id": file["id"],
            "filename": file.get("filename") or "attachment",
            "content_type": (file.get("content_type") or "application/octet-stream").split(";")[0].strip().lower(),
            "size_bytes": file.get("size") or 0,
            "content_id": (file.get("content_id") or "").strip("<>") or None,
            "is_inline": bool(file.get("content_id")) and f"cid:{file['content_id'].strip('<>').lower()}" in body,
            "created_at": from_seconds(time.time()),
        }
        for file in mail.get("attachments") or []
    ]


def to_json(value) -> str:
    return json.dumps(value, default=str)


async def apply(db, notification: dict, received_at: datetime) -> list:
    """Brings a mail into the database, once. Returns the events that this was."""
    mail, kind = notification["data"]["object"], notification["type"]
    references = message_ids(mail, "references", "in-reply-to")
    place = await db.fetchrow(FIND_PLACE, mail.get("grant_id"), mail["id"], mail.get("thread_id"), references)
    is_ours = place is not None and kind in ("message.created", "message.updated")
    delivery = to_json({
        "id": notification["id"],
        "type": kind,
        "grant_id": mail.get("grant_id"),
        "account_id": place and place["id"],
        "received_at": received_at,
        "occurred_at": from_seconds(notification["time"]) if "time" in notification else None,
        "state": "applied" if is_ours else "ignored",
        "finished_at": from_seconds(time.time()),
    })
    if not is_ours or place["is_known"]:
        await db.execute(RECORD_DELIVERY, delivery)
        return []
    message_id = uuid7()
    files = attachments_of(mail, message_id)
    message = message_of(mail, message_id, place, files)
    known = place["by_provider"] or place["by_references"]
    message["thread_id"] = known or uuid7()
    message["threaded_by"] = "provider" if place["by_provider"] else "references" if known else "none"
    return await db.fetch(STORE_MESSAGE, delivery, to_json(message), to_json(files), known is None)


async def consume(db, redis, entry_id: bytes, fields: dict):
    """Applies one entry of the stream, tells the company, and acknowledges it; after an error it stays pending."""
    try:
        received_at = from_seconds(int(entry_id.split(b"-")[0]) / 1000)
        notification = json.loads(fields[b"notification"])
        async with mailboxes[notification["data"]["object"].get("grant_id")]:
            events = await apply(db, notification, received_at)
        async with redis.pipeline(transaction=False) as pipeline:
            for event in events:
                told = {key: str(value) for key, value in event.items()}
                pipeline.xadd(f"events:{told['company_id']}", told, maxlen=MAX_EVENTS, approximate=True)
            await pipeline.xack(STREAM, GROUP, entry_id).execute()
    except Exception as error:
        print(f"{entry_id.decode()}: {error!r}", file=sys.stderr)


async def run_lane(redis, name: str):
    db = await asyncpg.connect(os.environ["DATABASE_URL"])
    start = "0"  # what an earlier run has left pending comes first
    while True:
        streams = await redis.xreadgroup(GROUP, name, {STREAM: start}, count=BATCH, block=5000)
        for entry in streams[0][1] if streams else []:
            await consume(db, redis, *entry)
        start = ">"


async def main():
    redis = Redis(unix_socket_path=os.environ["REDIS_SOCKET"])
    try:
        await redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except ResponseError:
        pass  # an earlier run has created it
    await asyncio.gather(*(run_lane(redis, f"lane-{nth}") for nth in range(LANES)))


uvloop.install()
asyncio.run(main())
