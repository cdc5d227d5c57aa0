// Link-layer addresses derived from the seed of a configuration, so that they are
// the same each time.

import { type Reader, text } from "../../rtnetlink/spec/value.ts";
import type { DesiredNamespace } from "./desired.ts";
import type { LinkDraft } from "./link.ts";

/** The value of `seed`. */
export const SEED: Reader<string> = {
  ...text(255),
  expected: "text from which link-layer addresses are derived",
};

/** Kinds with an Ethernet address of their own. */
const ETHERNET: ReadonlySet<string> = new Set([
  "bond",
  "bridge",
  "dummy",
  "geneve",
  "gretap",
  "ifb",
  "ip6gretap",
  "macvlan",
  "macvtap",
  "veth",
  "vxlan",
]);

/** Sets the addresses of new links that do not have one. */
export function applySeed(
  links: readonly LinkDraft[],
  namespace: DesiredNamespace["name"],
  seed: string,
): void {
  const bonds = new Set(
    links.filter(({ kind }) => kind === "bond").map(({ name }) => name),
  );
  for (const link of links) {
    const { name, kind, settings, master } = link;
    if (settings.address !== undefined || !ETHERNET.has(kind ?? "")) continue;
    // A port of a bond takes over the address of the bond.
    if (master && bonds.has(master)) continue;
    const address = addressOf(JSON.stringify([seed, namespace ?? "", name]));
    link.settings = { ...settings, address };
  }
}

/** A locally administered address: FNV-1a of 40 bits. Source: RFC 9923. */
function addressOf(text: string): string {
  const prime = 0x100_0000_01b3n;
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  }
  const digits = BigInt.asUintN(40, hash ^ hash >> 40n).toString(16);
  return `02${digits.padStart(10, "0").replace(/../g, ":$&")}`;
}
