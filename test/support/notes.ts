import { Hono } from "hono";
import { SignJWT } from "jose";
import * as z from "zod/mini";
import { notFound, type ServiceError } from "../../src/lib/errors.ts";
import { type Infer, lazy } from "../../src/lib/lazy.ts";
import { createApp, STATUS_OF } from "../../src/platform/app.ts";
import { bearer } from "../../src/platform/auth/bearer.ts";
import { verifyToken } from "../../src/platform/auth/token.ts";
import type { Module } from "../../src/platform/module.ts";
import { createConsumer } from "../../src/platform/queues.ts";
import { responds, valid } from "../../src/platform/validation.ts";

// A minimal second module, with its own claims, error shape, database and queue.

const SECRET = "the secret of the notes, and of nothing else";

const Claims = lazy(() => z.object({ sub: z.string(), exp: z.number() }));
type Reader = Infer<typeof Claims>;

const Job = z.object({ id: z.string(), shout: z.boolean() });
type Job = z.infer<typeof Job>;

interface Bindings extends Env {
  NOTES_DB: D1Database;
  NOTES_JOBS: Queue<Job>;
}

interface NotesEnv {
  Bindings: Bindings;
  Variables: { user: Reader };
}

const NoteParam = lazy(() => z.object({ note_id: z.string() }));
const NewNote = lazy(() => z.object({ text: z.string() }));

interface Note {
  id: string;
  text: string;
}

const authenticate = bearer<Reader>((token) => verifyToken(token, { JWT_SECRET: SECRET }, Claims));

const notes = new Hono<NotesEnv>()
  .post("/", responds(201, "Note"), valid("json", NewNote), async (c) => {
    const note = { id: crypto.randomUUID(), text: c.req.valid("json").text };
    await c.env.NOTES_DB.prepare("INSERT INTO notes (id, owner, text) VALUES (?, ?, ?)")
      .bind(note.id, c.var.user.sub, note.text)
      .run();
    await c.env.NOTES_JOBS.send({ id: note.id, shout: true });
    return c.json(note, 201);
  })
  .get("/:note_id", responds(200, "Note"), valid("param", NoteParam), async (c) => {
    const note = await c.env.NOTES_DB.prepare("SELECT id, text FROM notes WHERE id = ? AND owner = ?")
      .bind(c.req.valid("param").note_id, c.var.user.sub)
      .first<Note>();
    if (!note) throw notFound("Note");
    return c.json(note);
  });

const toAnswer = ({ code, message }: ServiceError) => ({
  status: STATUS_OF[code],
  body: { error: code, reason: message },
});

export const notesApp = createApp<NotesEnv>({ toAnswer, corsOrigins: () => [], exposeHeaders: [] })
  .use(authenticate)
  .route("/notes", notes);

export const notesModule: Module = {
  name: "notes",
  owns: (path) => /^\/notes(\/|$)/.test(path),
  app: async () => notesApp,
  queues: {
    "notes-jobs": async () =>
      createConsumer({
        context: (env) => env as Bindings,
        async handle({ NOTES_DB }, body) {
          const { id } = Job.parse(body);
          await NOTES_DB.prepare("UPDATE notes SET text = upper(text) WHERE id = ?").bind(id).run();
        },
        postponed: () => null,
        source: (env) => (env as Bindings).NOTES_JOBS,
      }),
  },
  async scheduled(env) {
    await (env as Bindings).NOTES_DB.prepare("DELETE FROM notes WHERE owner = 'nobody'").run();
  },
  health: { notes: "ready" },
};

export const createNotesTable = (database: D1Database): Promise<D1ExecResult> =>
  database.exec(
    "CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL)",
  );

export const signNotesToken = (sub: string): Promise<string> =>
  new SignJWT({ sub })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
