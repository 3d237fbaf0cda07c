import { type GenerateResult, generate, type SelfsignedOptions } from "selfsigned";

export interface Certificate {
  key: string;
  cert: string;
}

/** Of an authority of its own, in PEM: what a client needs to trust, and certificates of every kind. */
export interface Certificates {
  /** The authority. */
  ca: string;
  /** For localhost, of the authority. */
  trusted: Certificate;
  /** For localhost, signed by itself. */
  untrusted: Certificate;
  /** Of the authority, for another name. */
  wrongName: Certificate;
}

/** Makes certificates that are valid for ten years. */
export async function createCertificates(): Promise<Certificates> {
  const ca = await certify("Xabar test authority", { basicConstraints: true });
  const authority = { key: ca.private, cert: ca.cert };
  return {
    ca: ca.cert,
    trusted: leafOf(await certify("localhost", { ca: authority })),
    untrusted: leafOf(await certify("localhost", {})),
    wrongName: leafOf(await certify("another-name.example", { ca: authority })),
  };
}

const leafOf = ({ private: key, cert }: GenerateResult): Certificate => ({ key, cert });

function certify(
  name: string,
  { ca, basicConstraints = false }: { ca?: NonNullable<SelfsignedOptions["ca"]>; basicConstraints?: boolean },
): Promise<GenerateResult> {
  const yesterday = Date.now() - 86_400_000;
  const addresses = name === "localhost" ? [{ type: 7 as const, ip: "127.0.0.1" }] : [];
  return generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(yesterday),
    notAfterDate: new Date(yesterday + 3650 * 86_400_000),
    extensions: [
      { name: "basicConstraints", cA: basicConstraints, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: basicConstraints, critical: true },
      ...(basicConstraints
        ? []
        : [{ name: "subjectAltName" as const, altNames: [{ type: 2 as const, value: name }, ...addresses] }]),
    ],
    ...(ca ? { ca } : {}),
  });
}
