// `ip tunnel`: links of tunnel kinds, through netlink instead of ioctl(2).
// Source: ip-tunnel(8).

import { ENODEV, EOPNOTSUPP, errnoText } from "../../ffi/errno.ts";
import { isMulticast, tryParseIPv4 } from "../../lib/net/ip_address.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type { Json } from "../show/shown.ts";
import { addLinkOf, removeLinkOf, setLinkOf } from "./link.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import { say } from "./session.ts";
import {
  isTunnel,
  optionsOf,
  type TunnelFamily,
  tunnelRows,
} from "./tunnel_text.ts";
import { Failure, IpExit, matches, usageError, Words } from "./words.ts";

/** A mode: the kind of link, its first options and the kernel's own device. */
interface Mode {
  readonly kind: string;
  readonly options?: readonly string[];
  readonly device: string;
}

const GRE: Mode = { kind: "gre", device: "gre0" };
const IPIP: Mode = { kind: "ipip", options: ["mode", "ipip"], device: "tunl0" };
const SIT: Mode = { kind: "sit", options: ["mode", "ip6ip"], device: "sit0" };
const ISATAP: Mode = { ...SIT, options: ["mode", "ip6ip", "isatap"] };
const VTI: Mode = { kind: "vti", device: "ip_vti0" };
const ip6tnl = (mode: string): Mode => ({
  kind: "ip6tnl",
  options: ["mode", mode],
  device: "ip6tnl0",
});
const IP6IP6 = ip6tnl("ip6ip6");
const IPIP6 = ip6tnl("ipip6");
const ANY6 = ip6tnl("any");
const IP6GRE: Mode = { kind: "ip6gre", device: "ip6gre0" };

const MODES: {
  readonly [F in TunnelFamily]: Readonly<Record<string, Mode>>;
} = {
  inet: {
    "gre": GRE,
    "gre/ip": GRE,
    "ipip": IPIP,
    "ip/ip": IPIP,
    "sit": SIT,
    "ipv6/ip": SIT,
    "isatap": ISATAP,
    "vti": VTI,
  },
  inet6: {
    "ip6ip6": IP6IP6,
    "ipv6/ipv6": IP6IP6,
    "ipip6": IPIP6,
    "ip4ip6": IPIP6,
    "ip/ipv6": IPIP6,
    "ipv4/ipv6": IPIP6,
    "any": ANY6,
    "any/ipv6": ANY6,
    "ip6gre": IP6GRE,
    "gre/ipv6": IP6GRE,
    "vti6": { kind: "vti6", device: "ip6_vti0" },
  },
};

/** Without a mode, the beginning of the name of a tunnel over IPv4 is one. */
const PREFIXES = ["gre", "ipip", "sit", "isatap", "vti"] as const;

/** The options with a value, each with its option of `ip link`. */
const VALUES: {
  readonly [F in TunnelFamily]: Readonly<Record<string, string>>;
} = {
  inet: { ttl: "ttl", hoplimit: "ttl", hlim: "ttl", tos: "tos", tclass: "tos" },
  inet6: {
    ttl: "hoplimit",
    hoplimit: "hoplimit",
    hlim: "hoplimit",
    tos: "tclass",
    tclass: "tclass",
    tc: "tclass",
    encaplimit: "encaplimit",
    flowlabel: "flowlabel",
    fl: "flowlabel",
    dscp: "dscp",
  },
};
const COMMON = ["remote", "local", "dev", "key", "ikey", "okey"];

const FLAGS: { readonly [F in TunnelFamily]: readonly string[] } = {
  inet: ["pmtudisc", "nopmtudisc"],
  inet6: ["allow-localremote", "noallow-localremote"],
};
const COMMON_FLAGS = ["seq", "iseq", "oseq", "csum", "icsum", "ocsum"];

/** The parsed words of a tunnel. */
interface Tunnel {
  readonly family: TunnelFamily;
  readonly name: string | undefined;
  readonly mode: Mode | undefined;
  /** Options of `ip link` and their values. */
  readonly values: ReadonlyMap<string, string>;
  readonly flags: readonly string[];
}

/** The family of -4 and -6, or that of the mode. */
function familyOf({ family = "inet" }: Session, words: readonly string[]) {
  const mode = words[words.indexOf("mode") + 1] ?? "";
  if (Object.hasOwn(MODES.inet6, mode)) return "inet6";
  if (family === "inet" || family === "inet6") return family;
  throw usageError(`Unsupported protocol family: ${family}`);
}

/** Parses the words of a tunnel. */
async function read(session: Session, words: Words): Promise<Tunnel> {
  const all = words.rest();
  const family = familyOf(session, all);
  const rest = new Words(all);
  const values = new Map<string, string>();
  const flags: string[] = [];
  let mode: Mode | undefined;
  let name: string | undefined;
  while (!rest.done) {
    const word = rest.take();
    const option = COMMON.includes(word)
      ? word
      : VALUES[family][matches(word, "dsfield") && word !== "d" ? "tos" : word];
    if (word === "mode") {
      const given = rest.value("mode");
      const found = MODES[family][given];
      if (found === undefined) {
        throw usageError(`Unknown tunnel mode ${JSON.stringify(given)}`);
      }
      mode = sameMode(mode, found);
    } else if (option !== undefined) {
      values.set(option, rest.value(word));
    } else if (COMMON_FLAGS.includes(word) || FLAGS[family].includes(word)) {
      flags.push(word);
    } else {
      const given = word === "name" ? rest.value("name") : word;
      if (name !== undefined) {
        throw usageError(
          `Error: either "name" is duplicate, or ${
            JSON.stringify(given)
          } is a garbage.`,
        );
      }
      name = given;
    }
  }
  const dev = values.get("dev");
  if (dev !== undefined) await session.index(dev);
  const tos = /^inherit\/(.*)$/.exec(values.get("tos") ?? "")?.[1];
  if (tos !== undefined) {
    values.set("tos", `0x${(Number.parseInt(tos, 16) | 1).toString(16)}`);
  }
  if (family === "inet6") {
    return { family, name, mode, values, flags };
  }
  const prefix = PREFIXES.find((one) => name?.startsWith(one));
  mode ??= prefix && MODES.inet[prefix];
  const remote = tryParseIPv4(values.get("remote") ?? "");
  if (remote && isMulticast(remote) && !values.has("local")) {
    throw refused("A broadcast tunnel requires a source address");
  }
  return { family, name, mode, values, flags };
}

/** Rejects keys of kinds without them. */
function checkKeys({ family, values }: Tunnel, kind: string | undefined): void {
  if (family === "inet6" || kind === "gre" || kind === "vti") return;
  if (["key", "ikey", "okey"].some((word) => values.has(word))) {
    throw refused("Keys are not allowed with ipip and sit tunnels");
  }
}

function sameMode(one: Mode | undefined, other: Mode): Mode {
  if (one !== undefined && one.kind !== other.kind) throw severalModes();
  return other;
}

function severalModes(): Failure {
  return usageError("More than one tunnel mode is given.");
}

function refused(message: string): Failure {
  return new Failure(message, IpExit.refused);
}

/** The words of `ip link` for those of a tunnel. */
function asLink(
  name: string | undefined,
  { kind, options = [] }: Mode,
  { values, flags }: Tunnel,
): Words {
  return new Words([
    ...name === undefined ? [] : ["dev", name],
    ...["type", kind, ...options],
    ...Iterator.from(values).flatMap((pair) => pair),
    ...flags,
  ]);
}

/** Reports errors of the kernel as `ip tunnel` does, which calls ioctl(2). */
async function attempt<T>(what: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof NetlinkError) {
      throw refused(`${what} failed: ${reason(error.errno)}`);
    }
    if (error instanceof Failure && /^Cannot find device/.test(error.message)) {
      throw refused(`${what} failed: ${reason(ENODEV)}`);
    }
    throw error;
  }
}

function reason(errno: number): string {
  const text = errnoText(errno);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A tunnel by its name. */
async function linkNamed(
  session: Session,
  verb: string,
  name: string,
): Promise<Link> {
  const what = `${verb} tunnel "${name}"`;
  const link = await attempt(what, session.link(name));
  if (!isTunnel(link)) throw refused(`${what} failed: ${reason(EOPNOTSUPP)}`);
  return link;
}

async function add(session: Session, words: Words): Promise<void> {
  const tunnel = await read(session, words);
  const { family, name, values, flags } = tunnel;
  const mode = tunnel.mode ?? (family === "inet6" ? IP6IP6 : undefined);
  checkKeys(tunnel, mode?.kind);
  const ttl = values.get("ttl") ?? "inherit";
  if (flags.includes("nopmtudisc") && !["0", "inherit"].includes(ttl)) {
    throw refused("ttl != 0 and nopmtudisc are incompatible");
  }
  if (mode === undefined) {
    throw refused("cannot determine tunnel mode (ipip, gre, vti or sit)");
  }
  if (family === "inet6" && name === undefined) {
    say("Tunnel interface name not specified");
  }
  await attempt(
    `add tunnel "${mode.device}"`,
    addLinkOf(session, asLink(name, mode, tunnel)),
  );
}

async function change(session: Session, given: Words): Promise<void> {
  const tunnel = await read(session, given);
  const { family, mode } = tunnel;
  const name = tunnel.name ?? mode?.device;
  if (name === undefined) {
    throw refused("cannot determine tunnel mode (ipip, gre, vti or sit)");
  }
  const { kind = "" } = await linkNamed(session, "get", name);
  if (mode !== undefined && mode.kind !== kind && family === "inet") {
    throw severalModes();
  }
  checkKeys(tunnel, kind);
  // Only tunnels over IPv6 can change to another mode.
  const options = family === "inet6" ? mode?.options ?? [] : [];
  const words = asLink(name, { device: name, kind, options }, tunnel);
  await attempt(`add tunnel "${name}"`, setLinkOf(session, words));
}

async function remove(session: Session, words: Words): Promise<void> {
  const tunnel = await read(session, words);
  const { family, mode, name: given } = tunnel;
  checkKeys(tunnel, mode?.kind);
  const name = given ?? mode?.device ??
    (family === "inet6" ? IP6IP6.device : "");
  await linkNamed(session, "delete", name);
  await attempt(
    `delete tunnel "${name}"`,
    removeLinkOf(session, new Words(["dev", name])),
  );
}

/** Whether the given options are those of a tunnel. */
function isWanted(
  { family, name, mode, values }: Tunnel,
  link: Link,
  ifindex: number | undefined,
): boolean {
  const data = optionsOf(link);
  const [, inner] = mode?.options ?? [];
  return (name === undefined || name === link.name) &&
    (ifindex === undefined || data.dev === ifindex) &&
    (mode === undefined || mode.kind === link.kind &&
        (family === "inet" || inner === undefined || inner === "any" ||
          inner === data.mode)) &&
    ["remote", "local"].every((end) =>
      !values.has(end) || values.get(end) === (data[end] ?? "any")
    ) &&
    (family === "inet" || [
      ["hoplimit", 10],
      ["encaplimit", 10],
      ["tclass", 16],
      ["flowlabel", 16],
    ].every(([word, radix]) => {
      const given = values.get(`${word}`);
      if (given === undefined) return true;
      const number = Number.parseInt(given, Number(radix));
      return (Number.isNaN(number) ? given : number) === data[`${word}`];
    }));
}

/** The tunnels to show. */
async function selected(session: Session, tunnel: Tunnel): Promise<Link[]> {
  const { family, mode, values } = tunnel;
  checkKeys(tunnel, mode?.kind);
  const { socket, signal, options: { statistics } } = session;
  const name = family === "inet"
    ? mode && (tunnel.name ?? mode.device)
    : statistics > 0
    ? undefined
    : tunnel.name;
  if (name !== undefined) {
    return [await linkNamed(session, "get", name)];
  }
  const dev = values.get("dev");
  const ifindex = dev === undefined ? undefined : await session.index(dev);
  const links = await socket.links({ signal, onInterrupt: "partial" });
  return links.filter((link) =>
    isTunnel(link, family) && isWanted(tunnel, link, ifindex)
  );
}

async function show(session: Session, words: Words): Promise<void> {
  const links = await selected(session, await read(session, words));
  const names = await session.names();
  const texts = new Map<Json, readonly string[]>();
  for (const link of links) {
    const rows = tunnelRows(link, names);
    texts.set(rows.json, [
      ...rows.text,
      ...session.options.statistics > 0 ? rows.statistics : [],
    ]);
  }
  await session.print(texts.keys(), (json) => texts.get(json) ?? []);
}

export const tunnel: IpObject = {
  words: "ip tunnel { add | change | delete | show } [ NAME ] [ mode MODE ] " +
    "[ WORDS ]",
  commands: [
    ["add", add],
    ["change", change],
    ["delete", remove],
    ["show", show],
    ["lst", show],
    ["list", show],
  ],
  otherwise: show,
};
