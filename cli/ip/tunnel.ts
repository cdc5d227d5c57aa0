// `ip tunnel`: the link of the same kind, through netlink instead of ioctl(2).
// Source: ip-tunnel(8).

import { addLinkOf, removeLinkOf, setLinkOf } from "./link.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import { Failure, IpExit, Words } from "./words.ts";

/** The kind of link of each mode, and the words that its options begin with. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  "gre": ["gre"],
  "gre/ip": ["gre"],
  "ipip": ["ipip"],
  "ip/ip": ["ipip"],
  "sit": ["sit"],
  "ipv6/ip": ["sit"],
  "isatap": ["sit", "isatap"],
  "vti": ["vti"],
};

const MODES6: typeof MODES = {
  "ip6ip6": ["ip6tnl", "mode", "ip6ip6"],
  "ipv6/ipv6": ["ip6tnl", "mode", "ip6ip6"],
  "ipip6": ["ip6tnl", "mode", "ipip6"],
  "ip/ipv6": ["ip6tnl", "mode", "ipip6"],
  "any": ["ip6tnl", "mode", "any"],
  "any/ipv6": ["ip6tnl", "mode", "any"],
  "ip6gre": ["ip6gre"],
  "gre/ipv6": ["ip6gre"],
  "vti6": ["vti6"],
};

/** The words of `ip link` for those of `ip tunnel`. */
async function asLink(session: Session, words: Words): Promise<Words> {
  let name: string | undefined;
  let kind: readonly string[] | undefined;
  const options: string[] = [];
  const modes = session.family === "inet6" ? MODES6 : MODES;
  while (!words.done) {
    const word = words.take();
    if (word === "mode") {
      const mode = words.value("mode");
      kind = modes[mode];
      if (kind === undefined) {
        throw new Failure(
          `Unknown tunnel mode ${JSON.stringify(mode)}`,
          IpExit.usage,
        );
      }
    } else if (word === "name") name = words.value("name");
    else if (options.length === 0 && name === undefined) name = word;
    else options.push(word);
  }
  if (name === undefined) {
    throw new Failure("Tunnel name is required", IpExit.usage);
  }
  if (kind === undefined && options.length > 0) {
    const { kind: found = "" } = await session.link(name);
    kind = [found];
  }
  return new Words([
    ...["dev", name],
    ...kind === undefined ? [] : ["type", ...kind, ...options],
  ]);
}

export const tunnel: IpObject = {
  words: "ip tunnel { add | change | delete } NAME mode MODE [ WORDS ]",
  commands: [
    [
      "add",
      async (session, words) =>
        addLinkOf(session, await asLink(session, words)),
    ],
    [
      "change",
      async (session, words) =>
        setLinkOf(session, await asLink(session, words)),
    ],
    [
      "delete",
      async (session, words) =>
        removeLinkOf(session, await asLink(session, words)),
    ],
  ],
};
