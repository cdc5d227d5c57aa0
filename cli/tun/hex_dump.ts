// Formats bytes like `tcpdump -X`.

const ROW = 16;

/** Rows of offset, bytes in pairs, and the printable characters. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    const pairs = row.toHex().match(/.{1,4}/g)!.join(" ");
    let text = "";
    for (const byte of row) {
      text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    }
    const offset = at.toString(16).padStart(4, "0");
    rows.push(`\t0x${offset}:  ${pairs.padEnd(39)}  ${text}`);
  }
  return rows.join("\n");
}
