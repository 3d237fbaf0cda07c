/** What of Node's streams the composer of mails takes. */
declare module "node:stream" {
  export class Readable implements AsyncIterable<Uint8Array> {
    static from(source: AsyncIterable<Uint8Array>): Readable;
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
  }
}
