// `ip netconf`. Source: ip-netconf(8).

import {
  NETCONFA_IFINDEX_ALL,
  NETCONFA_IFINDEX_DEFAULT,
} from "../../ffi/uapi/linux_netconf.ts";
import { SystemError } from "../../ffi/errno.ts";
import {
  decodeNetconf,
  type Netconf,
  netconfRequest,
} from "../../lib/rtnetlink/netconf.ts";
import type { Json } from "../show/shown.ts";
import { plain } from "../show/text/format.ts";
import { readFilters } from "./filter.ts";
import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import { Failure, IpExit, type Words } from "./words.ts";

const RP_FILTER = ["off", "strict", "loose"];
const NAMES = new Map([
  [NETCONFA_IFINDEX_ALL, "all"],
  [NETCONFA_IFINDEX_DEFAULT, "default"],
]);

async function show(session: Session, words: Words): Promise<void> {
  let dev: string | undefined;
  await readFilters(words, "netconf", {
    dev: () => dev = words.value("dev"),
  }, () => {});
  const { socket, signal } = session;
  const ifindex = dev === undefined ? undefined : await indexOf(session, dev);
  const families = session.family === undefined
    ? ["inet", "inet6", "mpls"] as const
    : [session.family];
  const all: Netconf[] = [];
  for (const family of families) {
    try {
      const found = await socket.dump(
        netconfRequest(family),
        (message) => decodeNetconf(message),
        { signal },
      );
      for (const one of found) all.push(one);
    } catch (error) {
      // A kernel without the family.
      if (!(error instanceof SystemError) || session.family) throw error;
    }
  }
  const names = await session.names();
  const objects = all.filter((one) =>
    ifindex === undefined || one.ifindex === ifindex
  ).map(({ family, ifindex, values }): Json => ({
    family,
    ...(ifindex !== 0 && {
      interface: NAMES.get(ifindex) ?? names.name(ifindex),
    }),
    ...Object.fromEntries(
      Array.from(values, ([key, value]) => [
        key,
        key === "rp_filter" ? RP_FILTER[value] ?? value : value !== 0,
      ]),
    ),
  }));
  await session.print(objects, ({ family, interface: link, ...rest }) => [
    [
      plain(family),
      ...link === undefined ? [] : [plain(link)],
      ...Object.entries(rest).flatMap(([key, value]) => [
        key,
        value === true ? "on" : value === false ? "off" : plain(value),
      ]),
      "",
    ].join(" "),
  ]);
}

async function indexOf(session: Session, name: string): Promise<number> {
  try {
    return await session.index(name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`Device "${name}" does not exist.`, IpExit.refused);
  }
}

export const netconf: IpObject = {
  words: "ip netconf show [ dev LINK ]",
  commands: [["show", show], ["lst", show], ["list", show]],
  otherwise: show,
};
