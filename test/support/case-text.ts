const files: Record<string, string> = import.meta.glob("../fixtures/cases/*", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Mail that was once handled wrongly: the text of a file in test/fixtures/cases. */
export function caseText(name: string): string {
  const text = files[`../fixtures/cases/${name}`];
  if (text === undefined) throw new Error(`There is no case ${name}`);
  return text;
}
