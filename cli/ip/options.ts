// The options of `ip` before the object. Source: ip(8).

import { matches, usageError } from "./words.ts";

/** A protocol family of `ip -family`. */
export type Family = "inet" | "inet6" | "mpls" | "bridge" | "link";

/** The options of a run. */
export interface IpOptions {
  json: boolean;
  pretty: boolean;
  details: boolean;
  /** How often -s is given. */
  statistics: number;
  family: Family | undefined;
  netns: string | undefined;
  oneline: boolean;
  brief: boolean;
  batch: string | undefined;
  force: boolean;
  numeric: boolean;
  echo: boolean;
  all: boolean;
  /** Of `monitor`: "long" or "short". */
  timestamp: "long" | "short" | undefined;
  /** How often `address flush` may begin again. */
  loops: number;
  receiveBuffer: number | undefined;
  /** Print the version and do nothing else. */
  version: boolean;
}

const FAMILIES: readonly Family[] = [
  "inet",
  "inet6",
  "mpls",
  "bridge",
  "link",
];

/** A family by its name; undefined if it is none. */
export function familyNamed(word: string): Family | undefined {
  return FAMILIES.find((name) => name === word);
}

/** Reads the value of an option. */
type Value = () => string;

/** The options that may be abbreviated, in iproute2's order. */
const LONG: readonly (readonly [
  name: string,
  set: (options: IpOptions, value: Value) => void,
])[] = [
  ["-loops", (options, value) => options.loops = Number(value())],
  ["-family", (options, value) => {
    const word = value();
    const family = familyNamed(word);
    if (family === undefined) {
      throw usageError(`Error: ${JSON.stringify(word)} is not a family`);
    }
    options.family = family;
  }],
  ["-human-readable", () => {}],
  ["-iec", () => {}],
  ["-stats", (options) => options.statistics++],
  ["-statistics", (options) => options.statistics++],
  ["-details", (options) => options.details = true],
  ["-resolve", () => {}],
  ["-oneline", (options) => options.oneline = true],
  ["-timestamp", (options) => options.timestamp = "long"],
  ["-tshort", (options) => options.timestamp = "short"],
  ["-Version", (options) => options.version = true],
  ["-force", (options) => options.force = true],
  ["-batch", (options, value) => options.batch = value()],
  ["-brief", (options) => options.brief = true],
  ["-json", (options) => options.json = true],
  ["-pretty", (options) => options.pretty = true],
  [
    "-rcvbuf",
    (options, value) => options.receiveBuffer = Number(value()),
  ],
  ["-color", () => {}],
  ["-help", () => {
    throw usageError(HELP);
  }],
  ["-netns", (options, value) => options.netns = value()],
  ["-Numeric", (options) => options.numeric = true],
  ["-all", (options) => options.all = true],
];

const SHORT: Readonly<Record<string, (options: IpOptions) => void>> = {
  "-4": (options) => options.family = "inet",
  "-6": (options) => options.family = "inet6",
  "-0": (options) => options.family = "link",
  "-M": (options) => options.family = "mpls",
  "-B": (options) => options.family = "bridge",
  "-echo": (options) => options.echo = true,
};

/** The usage of `ip`. */
export const HELP = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n" +
  "       ip [ -force ] -batch FILE\n" +
  "OBJECT := { address | link | macsec | maddress | monitor | neighbour | " +
  "netconf | netns | nexthop | route | rule | token | tunnel | tuntap | vrf }\n" +
  "OPTIONS := { -V | -s | -d | -r | -h | -iec | -j | -p | -f FAMILY | -4 | " +
  "-6 | -M | -B | -0 | -l N | -echo | -br | -o | -t | -ts | -b FILE | -rc SIZE " +
  "| -n NETNS | -N | -a | -c }";

/** Reads the options; returns the words after them. */
export function readOptions(
  args: readonly string[],
): { options: IpOptions; rest: string[] } {
  const options: IpOptions = {
    json: false,
    pretty: false,
    details: false,
    statistics: 0,
    family: undefined,
    netns: undefined,
    oneline: false,
    brief: false,
    batch: undefined,
    force: false,
    numeric: false,
    echo: false,
    all: false,
    timestamp: undefined,
    loops: 10,
    receiveBuffer: undefined,
    version: false,
  };
  let at = 0;
  const value = (name: string) => () => {
    const word = args[++at];
    if (word === undefined) {
      throw usageError(`Error: argument of "${name}" is required`);
    }
    return word;
  };
  for (; at < args.length; at++) {
    const given = args[at]!;
    if (given === "--") {
      at++;
      break;
    }
    if (!given.startsWith("-")) break;
    const word = given.startsWith("--") ? given.slice(1) : given;
    const short = SHORT[word];
    if (short !== undefined) {
      short(options);
      continue;
    }
    const [name] = word.split("=");
    const long = word === "-"
      ? undefined
      : LONG.find(([long]) => matches(name!, long));
    if (long === undefined) {
      throw usageError(
        `Option ${JSON.stringify(word)} is unknown, try "ip -help"`,
      );
    }
    long[1](options, value(long[0]));
  }
  return { options, rest: args.slice(at) };
}
