// Integer and enumerated options of a UDP socket: their C names for each IP
// version, and their ranges. bind() and UdpSocketOptions use the same entries.

import {
  IP_FREEBIND,
  IP_MTU_DISCOVER,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_PMTUDISC_INTERFACE,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  IP_RECVERR,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADDR_PREFERENCES,
  IPV6_AUTOFLOWLABEL,
  IPV6_FREEBIND,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  IPV6_PREFER_SRC_COA,
  IPV6_PREFER_SRC_HOME,
  IPV6_PREFER_SRC_PUBLIC,
  IPV6_PREFER_SRC_PUBTMP_DEFAULT,
  IPV6_PREFER_SRC_TMP,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  newer,
} from "../../ffi/uapi/netinet_in.ts";
import {
  SO_BROADCAST,
  SO_BUSY_POLL,
  SO_INCOMING_CPU,
  SO_MARK,
  SO_PRIORITY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import {
  type Family,
  getOption,
  type NamedOption,
  setIpOption,
  setOption,
} from "../socket/option.ts";
import { wholeNumber } from "../whole_number.ts";

/** An option of type int. */
interface IntegerOption {
  /** Minimum and maximum; absent for a boolean. */
  readonly range?: readonly [least: number, most: number];
  /** The option of SOL_SOCKET. */
  readonly socket?: NamedOption;
  /** The option of IPPROTO_IP, for IPv4 peers, mapped ones included. */
  readonly ipv4?: NamedOption;
  /** The option of IPPROTO_IPV6. */
  readonly ipv6?: NamedOption;
}

const { IP_LOCAL_PORT_RANGE, IPV6_FLOWINFO } = newer;
const INT_MAX = 0x7fffffff;

const INTEGERS = {
  reuseAddress: { socket: { SO_REUSEADDR } },
  reusePort: { socket: { SO_REUSEPORT } },
  broadcast: { socket: { SO_BROADCAST } },
  mark: { range: [0, 0xffffffff], socket: { SO_MARK } },
  priority: { range: [0, INT_MAX], socket: { SO_PRIORITY } },
  busyPoll: { range: [0, INT_MAX], socket: { SO_BUSY_POLL } },
  incomingCpu: { range: [0, INT_MAX], socket: { SO_INCOMING_CPU } },
  receiveTimestamp: { socket: { SO_TIMESTAMPNS } },
  receiveOverflow: { socket: { SO_RXQ_OVFL } },
  ttl: { range: [1, 255], ipv4: { IP_TTL }, ipv6: { IPV6_UNICAST_HOPS } },
  trafficClass: { range: [0, 255], ipv4: { IP_TOS }, ipv6: { IPV6_TCLASS } },
  multicastTtl: {
    range: [0, 255],
    ipv4: { IP_MULTICAST_TTL },
    ipv6: { IPV6_MULTICAST_HOPS },
  },
  multicastLoop: {
    ipv4: { IP_MULTICAST_LOOP },
    ipv6: { IPV6_MULTICAST_LOOP },
  },
  freeBind: { ipv4: { IP_FREEBIND }, ipv6: { IPV6_FREEBIND } },
  transparent: { ipv4: { IP_TRANSPARENT }, ipv6: { IPV6_TRANSPARENT } },
  receiveTtl: { ipv4: { IP_RECVTTL }, ipv6: { IPV6_RECVHOPLIMIT } },
  receiveTrafficClass: { ipv4: { IP_RECVTOS }, ipv6: { IPV6_RECVTCLASS } },
  receiveErrors: { ipv4: { IP_RECVERR }, ipv6: { IPV6_RECVERR } },
  receiveOriginalDestination: {
    ipv4: { IP_RECVORIGDSTADDR },
    ipv6: { IPV6_RECVORIGDSTADDR },
  },
  receiveFlowLabel: { ipv6: { IPV6_FLOWINFO } },
  autoFlowLabel: { ipv6: { IPV6_AUTOFLOWLABEL } },
} as const satisfies Record<string, IntegerOption>;

/** An option that is an int or a boolean. */
export type IntegerKey = keyof typeof INTEGERS;

/** Whether an option is one of these. */
export function isIntegerKey(key: string): key is IntegerKey {
  return Object.hasOwn(INTEGERS, key);
}

/** @throws {ArgumentError} For a value out of range, or the wrong IP version. */
export function checkIntegerOption(
  family: Family,
  key: IntegerKey,
  value: number | boolean,
): void {
  const { range, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (range !== undefined) {
    wholeNumber(key, Number(value), range[0], range[1]);
  }
  if (family === "ipv4" && ipv6 !== undefined && ipv4 === undefined) {
    throw new ArgumentError(key, value, "an option of an ipv4 socket");
  }
}

/** Sets an option, for each IP version of the socket. @throws {SystemError} */
export function setIntegerOption(
  fd: number,
  family: Family,
  key: IntegerKey,
  value: number | boolean,
): void {
  const { socket, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (socket !== undefined) setOption(fd, SOL_SOCKET, socket, Number(value));
  else setIpOption(fd, family, ipv4, ipv6, Number(value));
}

/** Reads an option; for a dual socket the IPv6 one. @throws {SystemError} */
export function getIntegerOption(
  fd: number,
  family: Family,
  key: IntegerKey,
): number {
  const { socket, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (socket !== undefined) return getOption(fd, SOL_SOCKET, socket);
  return family === "ipv4"
    ? getOption(fd, IPPROTO_IP, ipv4!)
    : getOption(fd, IPPROTO_IPV6, ipv6!);
}

/**
 * Path MTU discovery: whether datagrams may be fragmented, and which MTU bounds
 * them.
 *
 * | mode        | don't fragment (IPv4) | longest datagram             | ICMP "too big" |
 * | ----------- | --------------------- | ---------------------------- | -------------- |
 * | `off`       | no                    | 64 KiB; fragmented           | believed       |
 * | `want`      | up to the path MTU    | 64 KiB; fragmented           | believed       |
 * | `do`        | yes                   | path MTU, else EMSGSIZE      | believed       |
 * | `probe`     | yes                   | interface MTU, else EMSGSIZE | reported only  |
 * | `interface` | no                    | interface MTU, else EMSGSIZE | ignored        |
 * | `omit`      | no                    | 64 KiB; fragmented           | ignored        |
 *
 * `probe` is for protocols that search the path MTU themselves (QUIC, RFC 8899),
 * `do` for those that use the kernel's, `interface` and `omit` for DNS servers,
 * which forged ICMP must not make fragment.
 *
 * Source: IP_MTU_DISCOVER of ip(7), IPV6_MTU_DISCOVER of ipv6(7).
 */
export type PathMtuDiscovery =
  | "off"
  | "want"
  | "do"
  | "probe"
  | "interface"
  | "omit";

const PATH_MTU_DISCOVERY: Readonly<Record<PathMtuDiscovery, number>> = {
  off: IP_PMTUDISC_DONT,
  want: IP_PMTUDISC_WANT,
  do: IP_PMTUDISC_DO,
  probe: IP_PMTUDISC_PROBE,
  interface: IP_PMTUDISC_INTERFACE,
  omit: IP_PMTUDISC_OMIT,
};

/** The number of a mode. @throws {ArgumentError} For any other. */
export function pathMtuDiscoveryMode(mode: PathMtuDiscovery): number {
  if (Object.hasOwn(PATH_MTU_DISCOVERY, mode)) return PATH_MTU_DISCOVERY[mode];
  const modes = Object.keys(PATH_MTU_DISCOVERY).join(", ");
  throw new ArgumentError("pathMtuDiscovery", mode, `one of ${modes}`);
}

/** Sets the mode for each IP version of the socket. @throws {SystemError} */
export function setPathMtuDiscovery(
  fd: number,
  family: Family,
  mode: PathMtuDiscovery,
): void {
  const value = pathMtuDiscoveryMode(mode);
  setIpOption(fd, family, { IP_MTU_DISCOVER }, { IPV6_MTU_DISCOVER }, value);
}

/** Reads the mode; of a dual socket the IPv6 one. @throws {SystemError} */
export function getPathMtuDiscovery(
  fd: number,
  family: Family,
): PathMtuDiscovery {
  const value = family === "ipv4"
    ? getOption(fd, IPPROTO_IP, { IP_MTU_DISCOVER })
    : getOption(fd, IPPROTO_IPV6, { IPV6_MTU_DISCOVER });
  const modes = Object.entries(PATH_MTU_DISCOVERY);
  return modes.find(([, number]) => number === value)![0] as PathMtuDiscovery;
}

/**
 * Which IPv6 source addresses the kernel prefers: temporary ones (RFC 8981),
 * public ones, or as the sysctl use_tempaddr says (`default`); with Mobile IPv6
 * the home or the care-of address.
 *
 * Source: RFC 5014, IPV6_ADDR_PREFERENCES of linux/in6.h.
 */
export type AddressPreference =
  | "temporary"
  | "public"
  | "default"
  | "home"
  | "care-of";

const ADDRESS_PREFERENCES: Readonly<Record<AddressPreference, number>> = {
  temporary: IPV6_PREFER_SRC_TMP,
  public: IPV6_PREFER_SRC_PUBLIC,
  default: IPV6_PREFER_SRC_PUBTMP_DEFAULT,
  home: IPV6_PREFER_SRC_HOME,
  "care-of": IPV6_PREFER_SRC_COA,
};

/** The flags of preferences. @throws {ArgumentError} For an unknown one. */
export function addressPreferenceFlags(
  preferences: readonly AddressPreference[],
): number {
  let flags = 0;
  for (const preference of preferences) {
    if (!Object.hasOwn(ADDRESS_PREFERENCES, preference)) {
      const known = Object.keys(ADDRESS_PREFERENCES).join(", ");
      throw new ArgumentError(
        "addressPreferences",
        preference,
        `one of ${known}`,
      );
    }
    flags |= ADDRESS_PREFERENCES[preference];
  }
  return flags;
}

/** Sets the preferences. @throws {SystemError} EINVAL if they contradict. */
export function setAddressPreferences(
  fd: number,
  preferences: readonly AddressPreference[],
): void {
  const flags = addressPreferenceFlags(preferences);
  setOption(fd, IPPROTO_IPV6, { IPV6_ADDR_PREFERENCES }, flags);
}

/** @throws {ArgumentError} Unless it is two ports, the lower one first. */
export function checkPortRange(range: readonly [number, number]): void {
  const [low, high] = range;
  wholeNumber("localPortRange", low, 1, 65535);
  wholeNumber("localPortRange", high, low, 65535);
}

/** Sets the ports that bind() picks from. @throws {SystemError} */
export function setPortRange(
  fd: number,
  [low, high]: readonly [number, number],
): void {
  // An option of IPPROTO_IP for both IP versions.
  setOption(
    fd,
    IPPROTO_IP,
    { IP_LOCAL_PORT_RANGE },
    low | high << 16,
    () => ({
      tried: `set the local port range ${low} to ${high}`,
      advice: "IP_LOCAL_PORT_RANGE exists since Linux 6.3",
    }),
  );
}
