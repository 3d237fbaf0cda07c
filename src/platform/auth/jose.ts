async function load() {
  const [verify, sign, header, remote, errors] = await Promise.all([
    import("jose/jwt/verify"),
    import("jose/jwt/sign"),
    import("jose/decode/protected_header"),
    import("jose/jwks/remote"),
    import("jose/errors"),
  ]);
  return { ...verify, ...sign, ...header, ...remote, errors };
}

let loaded: Awaited<ReturnType<typeof load>> | undefined;

/**
 * What is used of jose, loaded at the first token: a start does not evaluate it. Race: it keeps the modules and not their
 * promise, because one request may not wait for what another has begun.
 */
export async function jose() {
  loaded ??= await load();
  return loaded;
}
