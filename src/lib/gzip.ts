/** Compresses a text, in UTF-8. */
export const gzip = (text: string): Promise<ArrayBuffer> =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

/** Reads a compressed text. @throws TypeError when it is not gzip */
export const gunzip = (bytes: ReadableStream): Promise<string> =>
  new Response(bytes.pipeThrough(new DecompressionStream("gzip"))).text();
