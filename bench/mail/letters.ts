/** Mails as a busy mailbox has them, oldest first: threads of three, half with HTML, one in ten with a file. */
export function* letters(count: number): Generator<{ raw: Buffer; flags: string[]; receivedAt: number }> {
  const start = Date.UTC(2026, 10, 30) - count * 1_800_000;
  for (let nth = 0; nth < count; nth++) {
    const receivedAt = start + nth * 1_800_000;
    yield {
      raw: Buffer.from(letter(nth, new Date(receivedAt))),
      flags: nth % 3 ? ["\\Seen"] : [],
      receivedAt,
    };
  }
}

function letter(nth: number, date: Date): string {
  const text = "The shipment of pallets leaves on Monday; please confirm the customs papers.\r\n".repeat(
    5 + (nth % 60),
  );
  const parts = [`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`];
  if (nth % 2) parts.push(`Content-Type: text/html; charset=utf-8\r\n\r\n<p>${text}</p>\r\n`);
  if (nth % 10 === 3) {
    const file = Buffer.alloc(20_000, nth).toString("base64").replace(/.{76}/g, "$&\r\n");
    parts.push(
      `Content-Type: application/pdf; name="report.pdf"\r\nContent-Disposition: attachment; filename="report.pdf"\r\n` +
        `Content-Transfer-Encoding: base64\r\n\r\n${file}\r\n`,
    );
  }
  const head = [
    `From: =?utf-8?B?${Buffer.from("Ольга Петрова").toString("base64")}?= <user${nth % 97}@example${nth % 7}.com>`,
    "To: big@mail.test",
    `Subject: Delivery ${nth}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${nth}@bench.example>`,
    ...(nth % 3 ? [`In-Reply-To: <${nth - 1}@bench.example>`] : []),
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="b${nth}"`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${parts.map((part) => `--b${nth}\r\n${part}`).join("")}--b${nth}--\r\n`;
}
