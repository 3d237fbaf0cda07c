import { expect, test } from "vitest";
import { smtpLogin } from "../../src/mailbox/smtp/login.ts";
import { createMailbox } from "./support/server.ts";

test("the words of a server are read in UTF-8, whatever its bytes", async () => {
  const mailbox = await createMailbox({ hasOwnPorts: true });
  const words = "Ящик переполнен: Ÿ œ ž";
  // The stand-in sends a byte for each character.
  const bytes = String.fromCharCode(...new TextEncoder().encode(words));
  for (const on of ["EHLO", "HELO"]) await mailbox.plan({ protocol: "smtp", on, answer: `550 ${bytes}` });
  const login = smtpLogin(mailbox.server("smtp"), { username: mailbox.address, password: mailbox.password });
  await expect(login).rejects.toThrow(words);
});
