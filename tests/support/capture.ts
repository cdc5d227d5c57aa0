// A pcapng file as Wireshark's and tcpdump's tools read it.

import type { LinkType } from "../../lib/packet/decode.ts";
import { PcapngEncoder } from "../../lib/packet/pcapng.ts";
import { run } from "./netns.ts";

/** Calls `use` with the path of a file that holds these bytes. */
export async function withFile<T>(
  bytes: Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".pcapng" });
  try {
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** A capture of these packets on one interface, a second apart. */
export function capture(
  packets: readonly Uint8Array[],
  linkType: LinkType,
): Uint8Array {
  const encoder = new PcapngEncoder();
  const id = encoder.addInterface({ linkType, name: "test0" });
  packets.forEach((packet, i) => {
    encoder.addPacket(id, 1_700_000_000 + i, 0, packet);
  });
  return encoder.take();
}

/**
 * One line a packet, as `tcpdump -nn -t -S` prints them, without what is not of
 * the line: a second space, a space at its end, and hex dumps that follow with
 * the colon before them.
 */
export async function tcpdumpLines(
  packets: readonly Uint8Array[],
  linkType: LinkType,
): Promise<string[]> {
  const text = await withFile(
    capture(packets, linkType),
    (path) => run("tcpdump", ["-nn", "-t", "-S", "-r", path]),
  );
  return withoutHexDumps(text);
}

/** The lines of tcpdump without what is not of the line. */
export function withoutHexDumps(text: string): string[] {
  return text.trimEnd().split("\n").filter((line) => !line.startsWith("\t"))
    .map((line) => line.replace(":  ip", ": ip").replace(/:? +$/, ""));
}

/** The packets of a pcap file, as `tcpdump -w` writes it. */
export function readPcap(file: Uint8Array<ArrayBuffer>): Uint8Array[] {
  const view = new DataView(file.buffer);
  const packets: Uint8Array[] = [];
  for (let at = 24; at < file.length;) {
    const length = view.getUint32(at + 8, true);
    packets.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return packets;
}

/** What tshark reads of each packet: the fields named, in that order. */
export async function tsharkFields(
  file: Uint8Array,
  fields: readonly string[],
  options: readonly string[] = [],
): Promise<string[][]> {
  const text = await withFile(file, (path) =>
    run("tshark", [
      "-n",
      "-r",
      path,
      ...options,
      "-T",
      "fields",
      "-E",
      "separator=|",
      ...fields.flatMap((field) => ["-e", field]),
    ]));
  return text.replace(/\n$/, "").split("\n").map((line) => line.split("|"));
}
