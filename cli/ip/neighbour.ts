// `ip neighbour`. Source: ip-neighbour(8).

import * as nd from "../../ffi/uapi/linux_neighbour.ts";
import { RTM_GETNEIGH } from "../../ffi/uapi/linux_rtnetlink.ts";
import { ipNeighbour } from "../../lib/iproute2/neighbour.ts";
import { parseAddress } from "../../lib/net/ip_address.ts";
import { AttributeWriter } from "../../lib/netlink/attribute_writer.ts";
import type { Verb } from "../../lib/rtnetlink/changes/change.ts";
import { familyNumber } from "../../lib/rtnetlink/family.ts";
import {
  NEIGHBOUR_STATES,
  protocolNumber,
} from "../../lib/rtnetlink/names/iproute2.ts";
import {
  decodeNeighbour,
  NEIGHBOUR,
  type Neighbour,
  type NeighbourSpec,
} from "../../lib/rtnetlink/neighbour.ts";
import type { Json } from "../show/shown.ts";
import { neighbourText } from "../show/text/neighbour.ts";
import { plain } from "../show/text/format.ts";
import { readFilters } from "./filter.ts";
import type { IpObject } from "./object.ts";
import { type Prefix, readAddress, readPrefix, startsAlike } from "./prefix.ts";
import { failureOf, type Session } from "./session.ts";
import {
  choose,
  Failure,
  type Grammar,
  IpExit,
  matches,
  readAll,
  usageError,
  type Values,
  type Words,
  wrong,
} from "./words.ts";

const { options } = NEIGHBOUR;

/** States by their names and their beginnings, in iproute2's order. */
const STATES: readonly (readonly [string, number])[] = [
  "permanent",
  "reachable",
  "noarp",
  "none",
  "stale",
  "incomplete",
  "delay",
  "probe",
  "failed",
].map((name) =>
  [name, NEIGHBOUR_STATES[name as keyof typeof NEIGHBOUR_STATES]] as const
);

function stateName(word: string): string {
  const name = STATES.find(([name]) => matches(word, name))?.[0];
  const number = Number(word);
  const found = name ?? STATES.find(([, bit]) => bit === number)?.[0];
  if (found === undefined) throw wrong("nud", word, "a state");
  return found;
}

function grammar(session: Session): Grammar {
  const to = (words: Words, values: Values) => {
    if (values.to !== undefined) {
      throw usageError(
        `Error: either "to" is duplicate, or ${
          JSON.stringify(words.next)
        } is a garbage.`,
      );
    }
    values.to = readAddress(words.value("to"), session.family);
  };
  return {
    options,
    abbreviated: ["lladdr", "proxy", "extern_learn", "protocol"],
    special: {
      to,
      nud: (words, values) => values.nud = stateName(words.value("nud")),
      lladdr(words, values) {
        const word = words.value("lladdr");
        if (word !== "null") values.lladdr = word;
      },
      proxy(words, values) {
        values.proxy = true;
        to(words, values);
      },
    },
    other: to,
  };
}

const modify = (verb: Verb) => async (session: Session, words: Words) => {
  const values = readAll(words, grammar(session));
  if (values.to === undefined || (values.dev ?? values.proxy) === undefined) {
    throw usageError("Device and destination are required arguments.");
  }
  if (typeof values.dev === "string") {
    values.dev = await session.index(values.dev);
  }
  const spec = values as unknown as NeighbourSpec;
  try {
    await session.apply(NEIGHBOUR.change(verb, spec));
  } catch (error) {
    // `ip` ends a batch here, also with -force.
    const { message, code } = failureOf(error);
    throw new Failure(message, code, true);
  }
};

interface Filter {
  dev?: number;
  master?: number;
  /** NUD_* bits, and 0x100 for none. */
  states: number;
  unused?: boolean;
  proxy?: boolean;
  protocol?: number;
  to?: Prefix;
}

const NO_STATE = 0x100;

async function readFilter(
  session: Session,
  words: Words,
  states: number,
): Promise<Filter> {
  const filter: Filter = { states };
  let given = 0;
  const to = (word: string) => {
    filter.to = readPrefix(word, session.family);
    session.family ??= filter.to.family;
  };
  await readFilters(words, "neighbour", {
    dev: async () => filter.dev = await session.index(words.value("dev")),
    async master() {
      filter.master = await session.index(words.value("master"), IpExit.usage);
    },
    async vrf() {
      filter.master = await session.vrf(words.value("vrf"));
    },
    nomaster: () => filter.master = 0,
    unused: () => filter.unused = true,
    nud() {
      const word = words.value("nud");
      const bit = word === "all"
        ? -1
        : choose(stateName(word), STATES)! || NO_STATE;
      filter.states = given |= bit;
    },
    proxy: () => filter.proxy = true,
    "protocol*"() {
      const word = words.value("protocol");
      const number = protocolNumber(word);
      if (number === undefined && word !== "all") {
        throw wrong("protocol", word, "a protocol");
      }
      if (number) filter.protocol = number;
    },
    to: () => to(words.value("to")),
  }, to);
  return filter;
}

async function select(session: Session, filter: Filter): Promise<Neighbour[]> {
  const { socket, signal, ipFamily: family } = session;
  const { dev, master, states, proxy, to, protocol, unused } = filter;
  const all = await socket.neighbours({
    signal,
    family,
    ifindex: dev,
    proxy,
    master: master === 0 ? undefined : master,
  });
  return all.filter((one) => {
    const { state, flags, destination } = one;
    const kept = nd.NTF_PROXY | nd.NTF_EXT_LEARNED;
    if (
      (state & states) === 0 && (flags & kept) === 0 &&
      (state !== 0 || (states & NO_STATE) === 0)
    ) return false;
    const bytes = destination === undefined
      ? undefined
      : parseAddress(destination, "to").address;
    return (to?.address === undefined ||
      bytes !== undefined && startsAlike(bytes, to.address, to.length)) &&
      (protocol === undefined || one.protocol === protocol) &&
      (!unused || !one.cache?.references) && one.family !== "bridge";
  });
}

async function print(
  session: Session,
  neighbours: readonly Neighbour[],
  oneDevice: boolean,
): Promise<void> {
  const { brief, statistics, details } = session.options;
  const names = await session.names();
  const how = { names, statistics: statistics > 0, details, oneDevice };
  const json = neighbours.map((one): Json => {
    const { dst, dev, lladdr, ...rest } = ipNeighbour(one, how);
    const short = {
      ...(dst !== undefined && { dst }),
      ...(dev !== undefined && { dev }),
      ...(lladdr !== undefined && { lladdr }),
    };
    return brief ? short : { ...short, ...rest };
  });
  await session.print(json, (one) => [
    brief ? briefText(one) : `${neighbourText(one)} `,
  ]);
}

function briefText({ dst, dev, lladdr }: Json): string {
  return [
    dst === undefined ? "" : `${plain(dst).padEnd(39)} `,
    dev === undefined ? "" : `${plain(dev).padEnd(16)} `,
    lladdr === undefined ? "" : plain(lladdr),
  ].join("");
}

async function show(session: Session, words: Words): Promise<void> {
  const filter = await readFilter(session, words, 0xff & ~nd.NUD_NOARP);
  const found = await select(session, filter);
  await print(session, found, filter.dev !== undefined);
}

async function flush(session: Session, words: Words): Promise<void> {
  if (words.done) {
    throw new Failure("Flush requires arguments.", IpExit.refused);
  }
  const lasting = nd.NUD_PERMANENT | nd.NUD_NOARP;
  const filter = await readFilter(session, words, ~lasting);
  const found = await select(session, filter);
  await session.network.applyEach(
    found.flatMap((one) =>
      one.destination === undefined ? [] : [NEIGHBOUR.change("delete", {
        to: one.destination,
        dev: one.ifindex || undefined,
        proxy: (one.flags & nd.NTF_PROXY) !== 0 || undefined,
      } as NeighbourSpec)]
    ),
    { signal: session.signal },
  );
}

async function get(session: Session, words: Words): Promise<void> {
  let dev: string | undefined;
  let to: string | undefined;
  let proxy = false;
  const address = (word: string) => {
    to = readAddress(word, session.family);
  };
  await readFilters(words, "neighbour", {
    dev: () => dev = words.value("dev"),
    "proxy*"() {
      proxy = true;
      address(words.value("proxy"));
    },
    to: () => address(words.value("to")),
  }, address);
  if (to === undefined || dev === undefined && !proxy) {
    throw new Failure(
      "Device and address are required arguments.",
      IpExit.refused,
    );
  }
  const bytes = parseAddress(to, "to").address;
  const body = new AttributeWriter().raw(nd.ndmsg.build({
    ndm_family: familyNumber(bytes.length === 16 ? "inet6" : "inet"),
    ndm_ifindex: dev === undefined ? 0 : await session.index(dev),
    ndm_flags: proxy ? nd.NTF_PROXY : 0,
  })).bytes(nd.NDA_DST, bytes);
  const { objects } = await session.socket.request(
    { type: RTM_GETNEIGH, body: body.finish(), tried: `find neighbour ${to}` },
    decodeNeighbour,
    { signal: session.signal },
  );
  await print(session, objects, false);
}

export const neighbour: IpObject = {
  words: "ip neigh { add | change | replace | delete | show | flush }\n" +
    "       ip neigh get { ADDRESS | proxy ADDRESS } dev LINK",
  grammar,
  commands: [
    ["add", modify("add")],
    ["change", modify("change")],
    ["chg", modify("change")],
    ["replace", modify("replace")],
    ["delete", modify("delete")],
    ["get", get],
    ["show", show],
    ["lst", show],
    ["list", show],
    ["flush", flush],
  ],
  otherwise: show,
};
