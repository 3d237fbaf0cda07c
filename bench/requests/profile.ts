export async function profileCases(_: unknown): Promise<number> {
  return 0;
}
