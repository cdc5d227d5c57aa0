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

/** One line a packet, as `tcpdump -nn -t -S` prints them. */
export async function tcpdumpLines(
  packets: readonly Uint8Array[],
  linkType: LinkType,
): Promise<string[]> {
  const text = await withFile(
    capture(packets, linkType),
    (path) => run("tcpdump", ["-nn", "-t", "-S", "-r", path]),
  );
  return text.trimEnd().split("\n");
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
