"""The EMS contract's reads and its webhook's door on FastAPI, PostgreSQL and Redis.

PostgreSQL writes the JSON: a list is one statement and one round trip, and its bytes are passed on as they come,
past pydantic's response models and Python's json. (A page of the inbox made from rows in Python costs both processes
together a third more CPU.) LIMIT is written into the SQL: a prepared statement's one plan then knows how few rows it
is about.

Each process of the server runs this with the port that they share. The kernel deals the connections out among them;
with `uvicorn --workers` the process that wakes first takes all that are waiting.

Of what the Worker does, this leaves out request ids, the rate limit, and the position that a list was read at.
"""
import hashlib
import hmac
import json
import os
import socket
import sys
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import asyncpg
import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError

JWT_SECRET = os.environ["JWT_SECRET"]
WEBHOOK_SECRET = os.environ["NYLAS_WEBHOOK_SECRET"].encode()
STREAM = "webhooks"
# So many notifications stay in the stream after they were applied.
MAX_STREAM = 100_000
POOL_SIZE = 8

app = FastAPI(openapi_url=None)


class Connection(asyncpg.Connection):
    def get_reset_query(self):
        """No handler leaves anything behind in its session, so that a round trip after each would be for nothing."""
        return ""


async def pass_json_through(connection):
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes
    )


@app.on_event("startup")
async def connect():
    app.state.db = await asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=POOL_SIZE,
        max_size=POOL_SIZE,
        connection_class=Connection,
        init=pass_json_through,
    )
    app.state.redis = Redis(unix_socket_path=os.environ["REDIS_SOCKET"])


class User(NamedTuple):
    user_id: int
    role: str
    companies: list


async def current_user(request: Request) -> User:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise ValueError("no bearer token")
        claims = jwt.decode(token.strip(), JWT_SECRET, algorithms=["HS256"], options={"require": ["exp"]})
        user = User(claims["user_id"], claims["role"], claims["companies"])
        ids = [user.user_id, *user.companies]
        if not isinstance(user.role, str) or not all(isinstance(each, int) for each in ids):
            raise ValueError("a claim of the wrong type")
        return user
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise HTTPException(401, "Invalid or expired token")


@app.exception_handler(RequestValidationError)
async def refuse(_request: Request, error: RequestValidationError):
    errors = [{"path": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    return JSONResponse({"detail": "{path}: {message}".format(**errors[0]), "errors": errors}, 400)


PAGE = Query(1, ge=1, le=10**12)
SIZE = Query(25, ge=1, le=100)


async def answer(sql: str, *args, missing: str = "Nothing") -> Response:
    found = await app.state.db.fetchval(sql, *args)
    if found is None:
        raise HTTPException(404, f"{missing} not found")
    return Response(found, media_type="application/json")


def page_of(rows: str, items: str, total: str, page: int, size: int) -> str:
    """A page of `rows`, which have id and at, as the contract's list of `items`. Past the end no row is read."""
    skipped = (page - 1) * size
    return f"""
        total AS MATERIALIZED (SELECT coalesce(({total}), 0) AS total),
        p AS (SELECT * FROM ({rows}) r WHERE (SELECT total FROM total) > {skipped}
          ORDER BY at DESC, id DESC LIMIT {size} OFFSET {skipped})
        SELECT json_build_object(
          'items', coalesce((SELECT json_agg(i) FROM ({items} ORDER BY p.at DESC, p.id DESC) i), '[]'),
          'total', (SELECT total FROM total), 'page', {page}, 'size', {size})"""


@lru_cache(1000)
def list_sql(table: str, at: str, columns: str, counter: str, page: int, size: int, by_account: bool) -> str:
    """$1: the companies, of each of which the first rows are read; $2: or an account, of which they are."""
    column, keys, one = "company_id", "unnest($1::int[])", ""
    if by_account:
        column, one = "account_id", "AND id = $2"
        keys = f"(SELECT id FROM accounts WHERE company_id = ANY ($1::int[]) {one})"
    rows = f"""
        SELECT x.* FROM {keys} k (key) CROSS JOIN LATERAL (
          SELECT id, {at} AS at FROM {table} WHERE {column} = k.key
          ORDER BY {at} DESC, id DESC LIMIT {page * size}) x"""
    items = f"SELECT {columns} FROM p JOIN {table} {table[0]} ON {table[0]}.id = p.id"
    total = f"SELECT sum({counter}) FROM accounts WHERE company_id = ANY ($1::int[]) {one}"
    return "WITH " + page_of(rows, items, total, page, size)


def message_sql(first: int) -> str:
    """The columns of a message. From parameter `first` on: user, and the two halves of the user's mask."""
    return f"""
    m.id, m.thread_id, m.account_id AS email_account_id, coalesce(m.internet_message_id, '') AS internet_message_id,
    m.from_address, m.from_name, m.reply_to, m.to_addresses, m.cc_addresses, m.bcc_addresses, m.subject, m.body_html,
    m.body_text, m.snippet, m.direction, m.folder, m.has_attachments, iso(m.sent_at) AS sent_at,
    iso(m.created_at) AS created_at,
    (SELECT coalesce(json_agg(f), '[]') FROM (
      SELECT id, message_id, filename, content_type, size_bytes, content_id, is_inline, iso(created_at) AS created_at
      FROM attachments a WHERE a.message_id = m.id ORDER BY id) f) AS attachments,
    m.threaded_by, m.delivery,
    (SELECT s FROM (
      SELECT entry_id(m.id, ${first + 1}, ${first + 2}) AS id, coalesce(e.is_read, false) AS is_read,
        coalesce(e.is_starred, false) AS is_starred, coalesce(e.is_archived, false) AS is_archived,
        iso(e.read_at) AS read_at
      FROM (SELECT) one LEFT JOIN inbox_entries e ON e.user_id = ${first} AND e.message_id = m.id) s) AS inbox"""


THREAD = """
    t.id, t.account_id AS email_account_id, t.subject, iso(t.last_message_at) AS last_message_at, t.message_count,
    t.do_not_delete, iso(t.created_at) AS created_at, t.version"""


def caller(user: User) -> list:
    return [user.user_id, *mask_of(user.user_id)]


@app.get("/messages")
@app.get("/messages/")
async def list_messages(
    user: User = Depends(current_user), page: int = PAGE, size: int = SIZE, account_id: UUID | None = None
):
    args = [account_id] if account_id else []
    columns = message_sql(first=2 + len(args))
    sql = list_sql("messages", "sent_at", columns, "message_count", page, size, bool(args))
    return await answer(sql, user.companies, *args, *caller(user))


@app.get("/threads")
@app.get("/threads/")
async def list_threads(
    user: User = Depends(current_user), page: int = PAGE, size: int = SIZE, account_id: UUID | None = None
):
    args = [account_id] if account_id else []
    sql = list_sql("threads", "last_message_at", THREAD, "thread_count", page, size, bool(args))
    return await answer(sql, user.companies, *args)


GET_MESSAGE = f"""
    SELECT row_to_json(i) FROM (
      SELECT {message_sql(first=3)} FROM messages m WHERE m.id = $2 AND m.company_id = ANY ($1::int[])) i"""


@app.get("/messages/{message_id}")
async def get_message(message_id: UUID, user: User = Depends(current_user)):
    return await answer(GET_MESSAGE, user.companies, message_id, *caller(user), missing="Message")


GET_THREAD = f"""
    SELECT row_to_json(i) FROM (
      SELECT {THREAD}, (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT {message_sql(first=3)} FROM messages m WHERE m.thread_id = t.id ORDER BY m.sent_at, m.id) x) AS messages
      FROM threads t WHERE t.id = $2 AND t.company_id = ANY ($1::int[])) i"""


@app.get("/threads/{thread_id}")
async def get_thread(thread_id: UUID, user: User = Depends(current_user)):
    return await answer(GET_THREAD, user.companies, thread_id, *caller(user), missing="Thread")


# How many of account `a`'s messages each filter shows: `n` holds the caller's counters.
COUNTS = {
    None: "a.message_count - coalesce(n.archived_count, 0)",
    True: "coalesce(n.read_count, 0)",
    False: "a.message_count - coalesce(n.read_count, 0) - coalesce(n.archived_count, 0)",
}


@lru_cache(1000)
def inbox_sql(page: int, size: int, is_read: bool | None) -> str:
    """$1 user, $2 companies, $3 account or null, $4 and $5 the user's mask."""
    tail = f"ORDER BY at DESC, id DESC LIMIT {page * size}"
    wanted = {None: "", True: "AND is_read", False: "AND NOT is_read"}[is_read]
    entries = f"""
        SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM inbox_entries
        WHERE user_id = $1 AND account_id = a.id AND NOT is_archived {wanted}"""
    unread = "AND NOT coalesce(e.is_read, false)" if is_read is False else ""
    # Above the watermark the messages lead, since what is not touched has no entry; below it the entries do.
    above = f"""
        SELECT m.id, m.sent_at AS at, coalesce(e.is_read, false), coalesce(e.is_starred, false), e.read_at
        FROM messages m LEFT JOIN inbox_entries e ON e.user_id = $1 AND e.message_id = m.id
        WHERE m.account_id = a.id AND (m.sent_at, m.id) > (a.mark_at, a.mark_id)
          AND NOT coalesce(e.is_archived, false) {unread} {tail}"""
    below = f"{entries} AND (sent_at, message_id) <= (a.mark_at, a.mark_id) {tail}"
    found = f"{entries} {tail}" if is_read else f"({above}) UNION ALL ({below}) {tail}"
    rows = f"""
        SELECT a.email_address, x.* FROM mine a
        CROSS JOIN LATERAL ({found}) x (id, at, is_read, is_starred, read_at)"""
    items = """
        SELECT entry_id(m.id, $4, $5) AS id, p.is_read, p.is_starred, false AS is_archived, iso(p.read_at) AS read_at,
          iso(m.created_at) AS created_at, (SELECT s FROM (
            SELECT m.id, m.thread_id, m.from_address, m.from_name, m.subject, m.snippet, m.direction,
              m.folder, m.has_attachments, iso(m.sent_at) AS sent_at) s) AS message,
          t.subject AS thread_subject, t.message_count AS thread_message_count, p.email_address AS account_email
        FROM p JOIN messages m ON m.id = p.id JOIN threads t ON t.id = m.thread_id"""
    return f"""
        WITH mine AS (
          SELECT a.id, a.email_address, {COUNTS[is_read]} AS count, coalesce(w.sent_at, '-infinity') AS mark_at,
            coalesce(w.message_id, '00000000-0000-0000-0000-000000000000') AS mark_id
          FROM accounts a
          LEFT JOIN inbox_counters n ON n.user_id = $1 AND n.account_id = a.id
          LEFT JOIN inbox_watermarks w ON w.user_id = $1 AND w.account_id = a.id
          WHERE a.company_id = ANY ($2::int[]) AND ($3::uuid IS NULL OR a.id = $3)
        ), {page_of(rows, items, "SELECT sum(count) FROM mine", page, size)}"""


def mix(value: int) -> int:
    """splitmix64's finaliser: a bijection."""
    z = (value + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


@lru_cache(10_000)
def mask_of(user_id: int) -> tuple:
    """What turns a message's UUIDv7 into the UUIDv8 of the user's entry, as two signed halves."""
    high = (mix(user_id) & ~0xF000) | 0xF000
    low = mix(user_id ^ 0x5851F42D4C957F2D) & (2**62 - 1)
    return high - 2**64 if high >= 2**63 else high, low


@app.get("/inbox")
@app.get("/inbox/")
async def list_inbox(
    user: User = Depends(current_user),
    page: int = PAGE,
    size: int = SIZE,
    is_read: bool | None = None,
    account_id: UUID | None = None,
):
    sql = inbox_sql(page, size, is_read)
    return await answer(sql, user.user_id, user.companies, account_id, *mask_of(user.user_id))


COUNT_UNREAD = f"""
    SELECT coalesce(json_agg(i), '[]') FROM (
      SELECT a.id AS account_id, a.email_address, {COUNTS[False]} AS unread_count,
        a.message_count - coalesce(n.archived_count, 0) AS inbox_count, a.message_count, a.thread_count
      FROM accounts a LEFT JOIN inbox_counters n ON n.user_id = $1 AND n.account_id = a.id
      WHERE a.company_id = ANY ($2::int[]) ORDER BY a.email_address) i"""


@app.get("/inbox/unread-counts")
async def count_unread(user: User = Depends(current_user)):
    return await answer(COUNT_UNREAD, user.user_id, user.companies)


@app.post("/webhooks/nylas")
async def receive_notification(request: Request):
    raw = await request.body()
    signature = hmac.new(WEBHOOK_SECRET, raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, request.headers.get("x-nylas-signature", "").lower()):
        raise HTTPException(401, "The x-nylas-signature header is missing or does not match the body")
    try:
        notification = json.loads(raw)
        notification["id"], notification["type"], notification["data"]["object"]
    except (ValueError, KeyError, TypeError):
        raise HTTPException(400, "body: is not a notification: it needs id, type and data.object")
    try:
        await app.state.redis.xadd(STREAM, {"notification": raw}, maxlen=MAX_STREAM, approximate=True)
    except RedisError:
        raise HTTPException(503, "The notification cannot be kept now; send it again")
    return Response(b'{"status":"ok"}', media_type="application/json")


if __name__ == "__main__":
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    door.bind(("127.0.0.1", int(sys.argv[1])))
    config = uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", backlog=4096)
    uvicorn.Server(config).run(sockets=[door])
