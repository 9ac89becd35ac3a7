const encoder = new TextEncoder();

/** The line of one pair alone: see docs/formats.md. */
export function lineOf(keyText: Uint8Array, isBytes: boolean, valueText: Uint8Array): Uint8Array {
  const sign = isBytes ? "-" : "";
  return Buffer.concat([
    encoder.encode("["),
    keyText,
    encoder.encode(`,${sign}1,`),
    valueText,
    encoder.encode("]\n"),
  ]);
}
