import { expect, test } from "vitest";
import { randomOf } from "../../node/support/random.ts";
import { type ListedFolder, stepOf } from "./script.ts";
import { createRealMailbox, createStandInMailbox, installed } from "./servers.ts";

const STEPS = 200;
/** Of our Dovecot. */
const FOLDERS = Object.fromEntries(
  ["Archive", "Drafts", "Junk", "Sent", "Trash"].map((name) => [`\\${name}`, name]),
);

const dovecot = installed.imap.find(({ name }) => name === "dovecot-qresync");

/** Of a listing, all that is not the server's own choice. */
const shape = (listing: ListedFolder[]) =>
  listing.map(({ path, mails }) => ({ path, mails: mails.map(({ uid, flags }) => [uid, ...flags.sort()]) }));

test.skipIf(!dovecot)("the stand-in becomes what Dovecot becomes, step by step", async () => {
  const real = createRealMailbox(dovecot!);
  const standIn = await createStandInMailbox({ sync: "qresync", folders: FOLDERS });
  const random = randomOf(5);
  let listing = await real.run<ListedFolder[]>({ do: "list" });
  expect(shape(await standIn.run({ do: "list" }))).toEqual(shape(listing));
  for (let nth = 0; nth < STEPS; nth++) {
    const step = stepOf(random, nth, listing, real);
    await real.run(step);
    await standIn.run(step);
    listing = await real.run({ do: "list" });
    const other = await standIn.run<ListedFolder[]>({ do: "list" });
    expect(shape(other), `step ${nth}: ${JSON.stringify(step)}`).toEqual(shape(listing));
  }
  for (const { path, mails } of listing) {
    for (const { uid } of mails) {
      const command = { do: "parts", folder: path, uid };
      expect(await standIn.run(command)).toEqual(await real.run(command));
    }
  }
});
