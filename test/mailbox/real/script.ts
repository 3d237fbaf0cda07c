/** Of a folder, as a second client lists it. */
export interface ListedFolder {
  path: string;
  uidvalidity: string;
  mails: { uid: number; flags: string[] }[];
}

/** A command to the second client: see test/node/mail-servers/second_client.py. */
export type Step = { do: string } & Record<string, unknown>;

/** How a server names folders. */
export interface Naming {
  prefix: string;
  delimiter: string;
}

/** A whole number from 0 to below its argument. */
type Random = (below: number) => number;

const FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted"];
const KEYWORDS = ["$Label1", "Work", "$Forwarded", "urgent"];
/** Names that are not all of ASCII, and with what IMAP quotes. */
const NAMES = ["Work", "R&D", "Договоры", "請求書", "Ma'lumot", "Two words"];
const MOST_FOLDERS = 12;
const MOST_MAILS = 25;

/** How often each kind of step comes. */
const SHARES: Record<keyof typeof STEPS, number> = {
  deliver: 30,
  flag: 20,
  keyword: 8,
  copy: 8,
  move: 14,
  expunge: 8,
  create: 4,
  rename: 4,
  remove: 2,
  recreate: 2,
};

/**
 * The next step of a script: the same for the same random numbers and the same listing.
 * @param nth of the step, from 0
 */
export function stepOf(random: Random, nth: number, listing: ListedFolder[], naming: Naming): Step {
  const scene: Scene = {
    random,
    nth,
    naming,
    listing,
    own: listing.filter(({ path }) => NAMES.some((name) => baseOf(path, naming).startsWith(name))),
    filled: listing.filter(({ mails }) => mails.length > 0),
  };
  const kinds = Object.entries(SHARES).flatMap(([kind, share]) => Array(share).fill(kind));
  const kind: keyof typeof STEPS = kinds[random(kinds.length)];
  return STEPS[kind](scene) ?? STEPS.deliver(scene);
}

interface Scene {
  random: Random;
  nth: number;
  naming: Naming;
  listing: ListedFolder[];
  /** Folders that the script has made. */
  own: ListedFolder[];
  filled: ListedFolder[];
}

const STEPS = {
  deliver: ({ random, nth, listing, filled }: Scene): Step => {
    const inbox = listing.filter(({ path }) => path === "INBOX");
    const [folder] = [random(3) ? inbox : listing].map((folders) => pick(random, folders));
    if ((folder?.mails.length ?? 0) >= MOST_MAILS) return expunged(random, pick(random, filled));
    // Now and then a mail that is there already.
    const seed = random(10) ? nth : random(nth + 1);
    return { do: "deliver", folder: folder?.path, seed, flags: random(4) ? [] : some(random, FLAGS) };
  },
  flag: (scene: Scene) => stored(scene, FLAGS),
  keyword: (scene: Scene) => stored(scene, KEYWORDS),
  copy: ({ random, filled, listing }: Scene) => transferred(random, "copy", filled, listing),
  move: ({ random, filled, listing }: Scene) => transferred(random, "move", filled, listing),
  expunge: ({ random, filled }: Scene) => (filled.length ? expunged(random, pick(random, filled)) : null),
  create: (scene: Scene) => {
    if (scene.listing.length >= MOST_FOLDERS) return null;
    return { do: "create", folder: newName(scene) };
  },
  rename: (scene: Scene) => {
    const folder = pick(scene.random, leavesOf(scene));
    if (!folder) return null;
    const own = scene.own.filter((each) => each !== folder);
    return { do: "rename", folder: folder.path, to: newName({ ...scene, own }) };
  },
  remove: (scene: Scene) => {
    const folder = pick(scene.random, leavesOf(scene));
    return folder ? { do: "delete", folder: folder.path } : null;
  },
  recreate: (scene: Scene) => {
    const folder = pick(scene.random, leavesOf(scene));
    return folder ? { do: "recreate", folder: folder.path } : null;
  },
} satisfies Record<string, (scene: Scene) => Step | null>;

const pick = <Item>(random: Random, items: Item[]): Item | undefined => items[random(items.length)];

const some = (random: Random, items: string[]): string[] => items.filter(() => random(3) === 0);

/** A run of mails: one, or some. */
function uidsOf(random: Random, { mails }: ListedFolder): number[] {
  const start = random(mails.length);
  return mails.slice(start, start + 1 + random(3)).map(({ uid }) => uid);
}

function stored({ random, filled }: Scene, names: string[]): Step | null {
  const folder = pick(random, filled);
  if (!folder) return null;
  const [flag = ""] = [names[random(names.length)]];
  const change = random(2) ? { add: [flag] } : { remove: [flag] };
  return { do: "store", folder: folder.path, uids: uidsOf(random, folder), ...change };
}

function transferred(random: Random, how: string, filled: ListedFolder[], listing: ListedFolder[]) {
  const folder = pick(random, filled);
  const to = pick(
    random,
    listing.filter((each) => each.path !== folder?.path && each.mails.length < MOST_MAILS),
  );
  return folder && to ? { do: how, folder: folder.path, uids: uidsOf(random, folder), to: to.path } : null;
}

const expunged = (random: Random, folder: ListedFolder | undefined): Step => ({
  do: "expunge",
  folder: folder?.path,
  uids: folder ? uidsOf(random, folder) : [],
});

/** Without prefix. */
const baseOf = (path: string, { prefix }: Naming): string =>
  path.startsWith(prefix) ? path.slice(prefix.length) : path;

/** Folders of the script without folders below them: servers differ in what becomes of those. */
const leavesOf = ({ own, naming }: Scene): ListedFolder[] =>
  own.filter(({ path }) => !own.some((other) => other.path.startsWith(path + naming.delimiter)));

function newName({ random, nth, own, naming }: Scene): string {
  const name = `${pick(random, NAMES)} ${nth}`;
  const parent =
    random(3) === 0
      ? pick(
          random,
          own.filter(({ path }) => !path.includes(" 1")),
        )
      : undefined;
  return parent ? parent.path + naming.delimiter + name : naming.prefix + name;
}
