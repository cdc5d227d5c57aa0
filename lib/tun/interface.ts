// The interface ioctls: flags, MTU and index of an interface, by its name, in
// the namespace the calling thread is in.

import {
  EINVAL,
  ENODEV,
  EPERM,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  IFF_UP,
  ifreq,
  SIOCGIFFLAGS,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
} from "../../ffi/uapi/net_if.ts";
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../../ffi/uapi/sys_socket.ts";

/** The flags, MTU and index of an interface. */
export interface InterfaceState {
  readonly index: number;
  /** In bytes. */
  readonly mtu: number;
  /** IFF_UP and its like, the 16 bits an ifreq has room for. */
  readonly flags: number;
}

function advice(code: number): SystemErrorContext {
  switch (code) {
    case EPERM:
      return {
        capability: "CAP_NET_ADMIN",
        advice: "Run as root or grant CAP_NET_ADMIN",
      };
    case ENODEV:
      return { advice: "There is no such interface in this namespace" };
    case EINVAL:
      return { advice: "The interface does not take that value" };
    default:
      return {};
  }
}

type Values = Omit<Parameters<typeof ifreq.build>[0], "ifr_name">;

/** One interface, and a socket to send requests about it through. */
class Requests implements Disposable {
  readonly #socket: number;

  constructor(readonly name: string) {
    this.#socket = unwrap(
      libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
      "socket",
      { tried: `ask about interface ${name}` },
    );
  }

  send(
    request: { readonly call: string; readonly number: number },
    tried: string,
    values: Values = {},
  ): DataView<ArrayBuffer> {
    const bytes = ifreq.build({ ifr_name: this.name, ...values });
    if (libc().ioctl(this.#socket, BigInt(request.number), bytes) < 0) {
      const code = errno();
      throw new SystemError(`ioctl ${request.call}`, code, {
        tried: `${tried} interface ${this.name}`,
        ...advice(code),
      });
    }
    return new DataView(bytes.buffer);
  }

  [Symbol.dispose](): void {
    libc().close(this.#socket);
  }
}

const GET_FLAGS = { call: "SIOCGIFFLAGS", number: SIOCGIFFLAGS };
const SET_FLAGS = { call: "SIOCSIFFLAGS", number: SIOCSIFFLAGS };
const GET_MTU = { call: "SIOCGIFMTU", number: SIOCGIFMTU };
const SET_MTU = { call: "SIOCSIFMTU", number: SIOCSIFMTU };
const GET_INDEX = { call: "SIOCGIFINDEX", number: SIOCGIFINDEX };

/** Reads index, MTU and flags of an interface. Source: netdevice(7). */
export function interfaceState(name: string): InterfaceState {
  using requests = new Requests(name);
  const { ifr_ifindex, ifr_mtu, ifr_flags } = ifreq.fields;
  const ask = (request: typeof GET_FLAGS) =>
    requests.send(request, "ask about");
  return {
    index: ifr_ifindex.get(ask(GET_INDEX), 0),
    mtu: ifr_mtu.get(ask(GET_MTU), 0),
    flags: ifr_flags.get(ask(GET_FLAGS), 0) & 0xffff,
  };
}

/** Takes an interface up or down; nothing happens if it is there already. */
export function setInterfaceUp(name: string, up: boolean): void {
  using requests = new Requests(name);
  const tried = up ? "bring up" : "take down";
  const flags = ifreq.fields.ifr_flags.get(requests.send(GET_FLAGS, tried), 0);
  const wanted = up ? flags | IFF_UP : flags & ~IFF_UP;
  if (wanted === flags) return;
  requests.send(SET_FLAGS, tried, { ifr_flags: wanted });
}

/** Sets the MTU of an interface, in bytes. */
export function setInterfaceMtu(name: string, mtu: number): void {
  using requests = new Requests(name);
  requests.send(SET_MTU, `set the MTU to ${mtu} of`, { ifr_mtu: mtu });
}
