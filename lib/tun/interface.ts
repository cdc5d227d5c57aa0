// Interface ioctls: flags, MTU and ifindex of an interface, by name, in the
// namespace of the calling thread.

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
  SIOCSIFMTU,
} from "../../ffi/uapi/net_if.ts";
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "../../ffi/uapi/sys_socket.ts";
import { setLinkFlags } from "./link_request.ts";

/** The flags, MTU and index of an interface. */
export interface InterfaceState {
  readonly index: number;
  /** The MTU in bytes. */
  readonly mtu: number;
  /** IFF_* bits, the 16 bits of an ifreq. */
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

/** An interface, and a socket for its ioctls. */
class Requests implements Disposable {
  readonly #socket: number;

  constructor(readonly name: string) {
    this.#socket = unwrap(
      libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
      "socket",
      { tried: `read the state of interface ${name}` },
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
const GET_MTU = { call: "SIOCGIFMTU", number: SIOCGIFMTU };
const SET_MTU = { call: "SIOCSIFMTU", number: SIOCSIFMTU };
const GET_INDEX = { call: "SIOCGIFINDEX", number: SIOCGIFINDEX };

/** Reads ifindex, MTU and flags of an interface. Source: netdevice(7). */
export function interfaceState(name: string): InterfaceState {
  using requests = new Requests(name);
  const { ifr_ifindex, ifr_mtu, ifr_flags } = ifreq.fields;
  const read = (request: typeof GET_FLAGS) =>
    requests.send(request, "read the state of");
  return {
    index: ifr_ifindex.get(read(GET_INDEX), 0),
    mtu: ifr_mtu.get(read(GET_MTU), 0),
    flags: ifr_flags.get(read(GET_FLAGS), 0) & 0xffff,
  };
}

/**
 * Sets an interface up or down without writing other flags, so that concurrent
 * changes of them are kept.
 */
export function setInterfaceUp(name: string, up: boolean): void {
  const tried = `${up ? "bring up" : "take down"} interface ${name}`;
  setLinkFlags(name, up ? IFF_UP : 0, IFF_UP, tried);
}

/** Sets the MTU of an interface, in bytes. */
export function setInterfaceMtu(name: string, mtu: number): void {
  using requests = new Requests(name);
  requests.send(SET_MTU, `set the MTU to ${mtu} of`, { ifr_mtu: mtu });
}
