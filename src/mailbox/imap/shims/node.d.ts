// The parts of Node's modules that workerd has under `nodejs_compat` and that are used here.

declare module "node:buffer" {
  export const Buffer: { from(text: string, encoding: "utf8"): Uint8Array };
}

declare module "node:stream" {
  export type Done = (error: Error | null, text: string) => void;
  export class Transform {
    constructor(options: {
      encoding: "utf8";
      transform: (chunk: Uint8Array, encoding: string, done: Done) => void;
      flush: (done: Done) => void;
    });
  }
}
