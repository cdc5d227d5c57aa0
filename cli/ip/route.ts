// `ip route`. Source: ip-route(8).

import {
  RT_TABLE_MAIN,
  RTM_DELROUTE,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_UNREACHABLE,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { ipRoute } from "../../lib/iproute2/route.ts";
import { tryParseIPv4, tryParseIPv6 } from "../../lib/net/ip_address.ts";
import type { Verb } from "../../lib/rtnetlink/changes/change.ts";
import { tryLabelBytes } from "../../lib/rtnetlink/family.ts";
import { METRICS } from "../../lib/rtnetlink/metrics.ts";
import {
  protocolNumber,
  routeTypeNumber,
  scopeNumber,
  tableNumber,
} from "../../lib/rtnetlink/names/iproute2.ts";
import {
  decodeRoute,
  ROUTE,
  type Route,
  type RouteSpec,
} from "../../lib/rtnetlink/route.ts";
import type { NetlinkRequest } from "../../lib/netlink/transaction.ts";
import {
  NEXTHOP,
  type NexthopSpec,
} from "../../lib/rtnetlink/route_nexthop.ts";
import {
  realms as realmsReader,
  u32,
} from "../../lib/rtnetlink/spec/named_number.ts";
import type { Json } from "../show/shown.ts";
import { routeText } from "../show/text/route.ts";
import { readFilters } from "./filter.ts";
import type { IpObject } from "./object.ts";
import { familyNamed } from "./options.ts";
import { type Prefix, readAddress, readPrefix, startsAlike } from "./prefix.ts";
import { say, type Session } from "./session.ts";
import type { RouteLookup } from "../../lib/rtnetlink/route_lookup.ts";
import {
  Failure,
  type Grammar,
  IpExit,
  read,
  readAll,
  usageError,
  type Values,
  type Words,
  wrong,
} from "./words.ts";

const {
  nexthops: _nexthops,
  family: _family,
  type: _type,
  lock: _lock,
  ...options
} = ROUTE.options;

/** "via [FAMILY] ADDRESS". */
function via(session: Session, words: Words): string {
  const family = familyNamed(words.next);
  if (family !== undefined) words.take();
  const address = readAddress(
    words.value("via"),
    family ?? session.family,
  );
  session.family ??= address.includes(":") ? "inet6" : "inet";
  return address;
}

/** A metric, with "lock" before its value or without. */
function metric(words: Words, values: Values, name: string): void {
  if (name === "features") {
    values.features = words.value(name);
    return;
  }
  if (words.skip("lock")) {
    values.lock = [...(values.lock as string[] | undefined ?? []), name];
  }
  const word = words.value(name);
  const units = METRIC_UNITS[name];
  values[name] = units !== undefined && /^\d+$/.test(word)
    ? Number(word) / units
    : word;
}

/** "as [to] LABELS". */
function newLabels(words: Words, values: Values): void {
  words.skip("to");
  values.as = words.value("as");
}

/** Kernel units in a millisecond, which a number without a unit counts. */
const METRIC_UNITS: Readonly<Record<string, number>> = { rtt: 8, rttvar: 4 };

/** Metrics that can be locked, and features. */
const METRIC_WORDS = Object.keys(METRICS.options).filter((word) =>
  word !== "lock"
);

function grammar(session: Session): Grammar {
  const network = (words: Words, values: Values) => {
    const word = words.next;
    if (!/^\d/.test(word) && routeTypeNumber(word) !== undefined) {
      values.type = words.take();
    }
    if (values.to !== undefined) {
      throw usageError(
        `Error: either "to" is duplicate, or ${
          JSON.stringify(words.next)
        } is a garbage.`,
      );
    }
    const prefix = readPrefix(words.value("to"), session.family);
    if (prefix.text !== "default") session.family ??= prefix.family;
    values.to = prefix.text;
  };
  return {
    options,
    aliases: {
      oif: "dev",
      dsfield: "tos",
      priority: "metric",
      preference: "metric",
    },
    abbreviated: [
      "dsfield",
      "metric",
      "priority",
      "reordering",
      "window",
      "cwnd",
      "initcwnd",
      "initrwnd",
      "features",
      "quickack",
      "congctl",
      "rttvar",
      "ssthresh",
      "realms",
      "protocol",
      "table",
      "vrf",
      "pref",
      "fastopen_no_cookie",
    ],
    special: {
      ...Object.fromEntries(METRIC_WORDS.map((word) => [word, metric])),
      via(words, values) {
        if (values.via !== undefined) {
          throw usageError(
            "Error: use nexthop syntax to specify multiple via",
          );
        }
        values.via = via(session, words);
      },
      src(words, values) {
        const address = readAddress(words.value("src"), session.family);
        session.family ??= address.includes(":") ? "inet6" : "inet";
        values.src = address;
      },
      from(words, values) {
        const prefix = readPrefix(words.value("from"), session.family);
        session.family ??= prefix.family;
        values.from = prefix.text === "default" ? undefined : prefix.text;
      },
      vrf: (words, values) => values.vrf = words.value("vrf"),
      to: network,
      as: newLabels,
    },
    ends: (word) => word === "nexthop",
    other: network,
  };
}

const HOP: Grammar["options"] = NEXTHOP.options;

/** "nexthop via ADDRESS dev LINK weight N ...", as often as it is there. */
async function readNexthops(
  session: Session,
  words: Words,
): Promise<NexthopSpec[]> {
  const list: NexthopSpec[] = [];
  while (!words.done) {
    if (!words.skip("nexthop")) {
      throw usageError(
        `Error: "nexthop" or end of line is expected instead of ${
          JSON.stringify(words.next)
        }`,
      );
    }
    const hop = readAll(words, {
      options: HOP,
      abbreviated: ["realms"],
      special: {
        via: (words, values) => values.via = via(session, words),
        as: newLabels,
      },
      ends: (word) => word === "nexthop",
      other(words) {
        throw usageError(
          `Error: "nexthop" or end of line is expected instead of ${
            JSON.stringify(words.next)
          }`,
        );
      },
    });
    if (typeof hop.dev === "string") hop.dev = await session.index(hop.dev);
    list.push(hop as NexthopSpec);
  }
  return list;
}

async function readRoute(
  session: Session,
  words: Words,
): Promise<RouteSpec> {
  const { vrf, ...values } = readAll(words, grammar(session));
  const family = session.options.family;
  if (values.to === undefined && words.done) {
    throw usageError(
      'Error: a destination is needed, such as default. Try "ip route help".',
    );
  }
  if (typeof vrf === "string") values.table = await session.vrfTable(vrf);
  if (typeof values.dev === "string") {
    values.dev = await session.index(values.dev);
  }
  const nexthops = words.done ? undefined : await readNexthops(session, words);
  return {
    ...values as unknown as RouteSpec,
    ...(nexthops !== undefined && { nexthops }),
    ...(family === "inet" || family === "inet6" || family === "mpls"
      ? { family }
      : {}),
  };
}

const modify = (verb: Verb) => async (session: Session, words: Words) => {
  await session.apply(ROUTE.change(verb, await readRoute(session, words)));
};

/** Which routes are shown, and what is left out of them. */
interface Filter {
  /** 0 for all. */
  table: number;
  cached: boolean;
  tos?: number;
  protocol?: number;
  scope?: number;
  /** RTN_* as a set; undefined for all. */
  types?: (type: number) => boolean;
  oif?: number;
  iif?: number;
  mark?: number;
  metric?: number;
  via?: Prefix;
  src?: Prefix;
  realms?: { readonly value: number; readonly mask: number };
  /** The destination is in this network. */
  within?: Prefix;
  /** The destination contains this network. */
  around?: Prefix;
  sourceWithin?: Prefix;
  sourceAround?: Prefix;
}

async function readFilter(session: Session, words: Words): Promise<Filter> {
  const filter: Filter = { table: RT_TABLE_MAIN, cached: false };
  const number = (
    what: string,
    numberOf: (word: string) => number | undefined,
  ) => {
    const word = words.value(what);
    const number = numberOf(word);
    if (number === undefined && word !== "all") {
      throw wrong(what, word, "a known name or a number");
    }
    return number;
  };
  const { family } = session;
  const network = (word: string) =>
    readPrefix(word, family === "mpls" ? family : session.ipFamily);
  /** "root P", "match P", "exact P" or "P". */
  const networks = (
    first: string,
    keys: ["within" | "sourceWithin", "around" | "sourceAround"],
  ) => {
    const [within, around] = keys;
    if (first !== "" && "root".startsWith(first)) {
      filter[within] = network(words.value("root"));
    } else if (first !== "" && "match".startsWith(first)) {
      filter[around] = network(words.value("match"));
    } else {
      const word = first !== "" && "exact".startsWith(first)
        ? words.value("exact")
        : first;
      filter[within] = filter[around] = network(word);
    }
  };
  const table = () => {
    const word = words.value("table");
    const number = tableNumber(word);
    if (number !== undefined) filter.table = number;
    else if (word === "all") filter.table = 0;
    else if (word === "cache") filter.cached = true;
    else throw wrong("table", word, "a routing table, all or cache");
  };
  const metric = () =>
    filter.metric = number("metric", (word) => u32.read(word));
  const oif = async () => filter.oif = await session.index(words.value("dev"));
  await readFilters(words, "route", {
    "table*": table,
    async "vrf*"() {
      filter.table = await session.vrfTable(words.value("vrf"));
      filter.types = (type) => type !== RTN_LOCAL && type !== RTN_BROADCAST;
    },
    "cached*": () => filter.cached = true,
    "cloned*": () => filter.cached = true,
    tos: () => filter.tos = number("tos", tosNumber),
    "dsfield*": () => filter.tos = number("tos", tosNumber),
    "protocol*": () => filter.protocol = number("protocol", protocolNumber),
    "scope*": () => filter.scope = number("scope", scopeNumber),
    "type*"() {
      const wanted = number("type", routeTypeNumber);
      filter.types = (type) => type === wanted;
    },
    dev: oif,
    oif,
    iif: async () => filter.iif = await session.index(words.value("iif")),
    mark: () => filter.mark = number("mark", (word) => u32.read(word)),
    "metric*": metric,
    "priority*": metric,
    preference: metric,
    via() {
      const family = familyNamed(words.next);
      if (family !== undefined) words.take();
      filter.via = readPrefix(words.value("via"), family ?? session.family);
    },
    src: () => filter.src = network(words.value("src")),
    "realms*"() {
      const word = words.value("realms");
      const value = read("realms", word.replace(/^\/|\/$/g, ""), realmsReader);
      const both = word.includes("/") && !/^\/|\/$/.test(word);
      filter.realms = word.endsWith("/")
        ? { value: (value << 16) >>> 0, mask: 0xffff_0000 }
        : { value, mask: both ? 0xffff_ffff : 0xffff };
    },
    "from*": () =>
      networks(words.value("from"), ["sourceWithin", "sourceAround"]),
    "to*": () => networks(words.value("to"), ["within", "around"]),
  }, (word) => networks(word, ["within", "around"]));
  return filter;
}

/** Type of service as `ip` reads it: hexadecimal, or a name. */
function tosNumber(word: string): number | undefined {
  const number = ROUTE.options.tos.read(word);
  return typeof number === "number" ? number : undefined;
}

const bytesOf = (address: string | undefined) =>
  address === undefined
    ? undefined
    : tryParseIPv4(address) ?? tryParseIPv6(address) ??
      tryLabelBytes(address);

/** Whether a route's network is in another one, or contains it. */
function isInside(
  route: Route,
  prefix: Prefix | undefined,
  address: string | undefined,
  length: number,
  direction: "within" | "around",
): boolean {
  if (prefix === undefined) return true;
  if (prefix.address !== undefined && route.family !== prefix.family) {
    return false;
  }
  const bits = direction === "within" ? prefix.length : length;
  if (direction === "within" ? length < bits : length > prefix.length) {
    return false;
  }
  const size = route.family === "inet6" ? 16 : 4;
  return startsAlike(
    bytesOf(address) ?? new Uint8Array(size),
    prefix.address ?? new Uint8Array(size),
    bits,
  );
}

function isWanted(filter: Filter, route: Route): boolean {
  const { tos, scope, oif, iif, mark, metric, via, src, realms } = filter;
  const { prefixLength, source, sourceLength = 0, destination } = route;
  if (
    route.family === "inet6" && filter.table === RT_TABLE_MAIN &&
    route.type === RTN_LOCAL
  ) return false;
  const hop = route.gateway ?? route.via?.address;
  const hopFamily = route.via?.family ?? route.family;
  const address = bytesOf(hop);
  const preferred = bytesOf(route.preferredSource);
  return (tos === undefined || (route.tos ?? 0) === tos) &&
    (scope === undefined || route.scope === scope) &&
    (filter.types?.(route.type) ?? true) &&
    (oif === undefined || route.ifindex === 0 && route.nexthops === undefined ||
      route.ifindex === oif ||
      (route.nexthops?.some(({ ifindex }) => ifindex === oif) ?? false)) &&
    (iif === undefined || (route.inputIfindex ?? 0) === iif) &&
    (mark === undefined || (route.mark ?? 0) === mark) &&
    (metric === undefined || (route.metric ?? 0) === metric) &&
    (realms === undefined ||
      (((route.realms ?? 0) ^ realms.value) & realms.mask) === 0) &&
    (via === undefined ||
      hopFamily === via.family && address !== undefined &&
        startsAlike(address, via.address ?? address, via.length)) &&
    (src === undefined ||
      route.family === src.family && preferred !== undefined &&
        startsAlike(preferred, src.address ?? preferred, src.length)) &&
    isInside(route, filter.within, destination, prefixLength, "within") &&
    isInside(route, filter.around, destination, prefixLength, "around") &&
    isInside(route, filter.sourceWithin, source, sourceLength, "within") &&
    isInside(route, filter.sourceAround, source, sourceLength, "around");
}

/** The routes that the kernel selects. */
function dump({ socket, signal, family }: Session, filter: Filter) {
  const { table, cached, protocol } = filter;
  return socket.routes({
    signal,
    family: family === "inet" || family === "inet6" || family === "mpls"
      ? family
      : table === 0
      ? undefined
      : "inet",
    table: table === 0 ? undefined : table,
    protocol,
    cached,
    lazy: true,
  });
}

/** Omits the keys of a filter, as `ip` does. */
function omit(json: Json, filter: Filter): Json {
  const host = (prefix: Prefix | undefined) =>
    prefix?.address !== undefined &&
    prefix.length === 8 * prefix.address.length;
  if (filter.tos !== undefined) delete json.tos;
  if (filter.metric !== undefined) delete json.metric;
  if (host(filter.via)) delete json.gateway;
  if (host(filter.src)) delete json.prefsrc;
  if (filter.iif !== undefined) delete json.iif;
  if (filter.realms?.mask === 0xffff_ffff) delete json.flow;
  return json;
}

async function show(session: Session, words: Words): Promise<void> {
  const filter = await readFilter(session, words);
  const { details, statistics } = session.options;
  const routes = await dump(session, filter);
  const names = await session.names();
  const nexthops = details &&
      Iterator.from(routes).some(({ nexthopId }) => nexthopId !== undefined)
    ? new Map(
      (await session.socket.nexthops({ signal: session.signal })).map((one) => [
        one.id,
        one,
      ]),
    )
    : undefined;
  const how = {
    names,
    details,
    statistics: statistics > 0,
    oneTable: filter.table !== 0,
    oneDevice: filter.oif !== undefined,
    oneProtocol: filter.protocol !== undefined,
    oneScope: filter.scope !== undefined,
    nexthops,
  };
  await session.print(
    Iterator.from(routes).filter((route) => isWanted(filter, route))
      .map((route) => omit(ipRoute(route, how) as Json, filter)),
    routeLines,
  );
}

/** The lines of a route, as `ip` ends them. */
export function routeLines(json: Json): string[] {
  return routeText(json).split("\n").map((line, at) =>
    at === 0 && (json.pref ?? json["ttl-propogate"]) !== undefined
      ? line
      : `${line} `
  );
}

/** The words of `get`, and the keys of a lookup that they are. */
const GET_WORDS: readonly (readonly [string, keyof RouteLookup])[] = [
  ["dsfield", "tos"],
  ["mark", "mark"],
  ["uid", "uid"],
  ["sport", "sport"],
  ["dport", "dport"],
  ["ipproto", "protocol"],
];

async function get(session: Session, words: Words): Promise<void> {
  const lookup: { -readonly [Key in keyof RouteLookup]: RouteLookup[Key] } = {};
  let destination: string | undefined;
  let connected = false;
  const address = (word: string): string => {
    const { text, address, length, family } = readPrefix(
      word,
      session.ipFamily,
    );
    session.family ??= family;
    const [host = ""] = text.split("/");
    if (address === undefined) return family === "inet6" ? "::" : "0.0.0.0";
    if (length !== 8 * address.length) {
      say(
        `Warning: /${length} as prefix is invalid, only /${
          8 * address.length
        } (or none) is supported.`,
      );
    }
    return host;
  };
  const to = (word: string) => destination = address(word);
  const oif = async () => lookup.oif = await session.index(words.value("oif"));
  const value = (word: string, key: keyof RouteLookup) => () => {
    Object.assign(lookup, { [key]: numbered(words.value(word)) });
  };
  await readFilters(words, "route", {
    tos: value("tos", "tos"),
    "from*": () => lookup.from = address(words.value("from")),
    "iif*": async () => lookup.iif = await session.index(words.value("iif")),
    ...Object.fromEntries(
      GET_WORDS.map(([word, key]) => [`${word}*`, value(word, key)]),
    ),
    "oif*": oif,
    dev: oif,
    "notify*"() {},
    "connected*": () => connected = true,
    async "vrf*"() {
      lookup.oif = await session.vrf(words.value("vrf"));
    },
    "fibmatch*": () => lookup.fibMatch = true,
    flowlabel: value("flowlabel", "flowlabel"),
    to: () => to(words.value("to")),
  }, to);
  if (destination === undefined) {
    throw new Failure("need at least a destination address", IpExit.refused);
  }
  const { socket, signal, options: { details, statistics } } = session;
  const routes = [await socket.lookup(destination, { ...lookup, signal })];
  // iproute2 sends the same request again.
  if (connected && lookup.from === undefined) {
    routes.push(await socket.lookup(destination, { ...lookup, signal }));
  }
  const names = await session.names();
  const how = { names, details, statistics: statistics > 0 };
  await session.print(
    routes.map((route) => ipRoute(route, how) as Json),
    routeLines,
  );
}

/** A number, or the word as it is. */
function numbered(word: string): number | string {
  return /^(\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : word;
}

async function flush(session: Session, words: Words): Promise<void> {
  if (words.done) {
    throw new Failure('"ip route flush" requires arguments.', IpExit.refused);
  }
  const filter = await readFilter(session, words);
  if (filter.cached && session.family !== "inet6") return;
  const { socket, signal } = session;
  const routes = await dump(session, filter);
  const requests: NetlinkRequest[] = [];
  for (const message of routes.messages()) {
    const route = decodeRoute(message);
    if (route === undefined || !isWanted(filter, route) || isLast(route)) {
      continue;
    }
    // As `ip` does: the message that reports a route, to delete it.
    const { bytes, payload, end } = message;
    const body = bytes.slice(payload, end);
    requests.push({ type: RTM_DELROUTE, body, tried: "flush routes" });
  }
  await socket.requestMany(requests, { signal });
}

/** Whether a route is the one that ends every IPv6 table. */
function isLast({ family, prefixLength, type, metric }: Route): boolean {
  return family === "inet6" && prefixLength === 0 &&
    type === RTN_UNREACHABLE && metric === 0xffff_ffff;
}

export const route: IpObject = {
  words:
    "ip route { add | change | replace | prepend | append | test | delete | " +
    "show | flush | get }\n       ip route get ADDRESS [ from ADDRESS iif LINK ] " +
    "[ oif LINK ] [ mark N ] [ uid N ] [ ipproto P ] [ sport N ] [ dport N ] " +
    "[ fibmatch ]",
  grammar,
  commands: [
    ["add", modify("add")],
    ["change", modify("change")],
    ["chg", modify("change")],
    ["replace", modify("replace")],
    ["prepend", modify("prepend")],
    ["append", modify("append")],
    ["test", modify("test")],
    ["delete", modify("delete")],
    ["list", show],
    ["show", show],
    ["lst", show],
    ["get", get],
    ["flush", flush],
  ],
  otherwise: show,
};
