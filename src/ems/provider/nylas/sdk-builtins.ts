// wrangler.toml puts this file in the place of Node's modules and of `mime-types` in the provider's SDK. The bundler moves
// imports of Node's modules to the top of the bundle, where every start would load them, for 20 ms. The list of media
// types would be a sixth of the bundle. Signing in needs a digest only; files and service accounts are not used.

declare const process: {
  getBuiltinModule(name: "node:crypto"): { createHash(algorithm: string): unknown };
};

/** Node's own, loaded when a sign-in begins. */
export const createHash = (algorithm: string) =>
  process.getBuiltinModule("node:crypto").createHash(algorithm);

/** No request body of ours is one. */
export class Readable {}

const unused = (): never => {
  throw new Error("This part of the provider's SDK is not in the bundle");
};

export { unused as createPrivateKey, unused as createSign, unused as lookup, unused as randomInt };
