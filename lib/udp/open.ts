// From options to an open, bound descriptor.

import { SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
} from "../../ffi/layout/sys_socket.ts";
import { interfaceIndexOf } from "../interface_index.ts";
import { bindContext } from "./errors.ts";
import {
  applyOptions,
  type BindOptions,
  type Family,
  type Plan,
} from "./options.ts";
import {
  type Endpoint,
  formatEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
  writeSockaddr,
} from "./sockaddr.ts";

/** What another thread of this process needs to use the same socket. */
export interface UdpSocketHandle {
  /** The descriptor's number. */
  readonly fd: number;
  /** AF_INET or AF_INET6. */
  readonly domain: number;
  /** Which IP versions it speaks. */
  readonly family: Family;
  /** Where it is bound. */
  readonly address: Endpoint;
  /** To whom it is connected. */
  readonly peer?: Endpoint;
  /** The options it was made with, as far as using it depends on them. */
  readonly options: Pick<BindOptions, "receiveErrors" | "gro">;
}

/** Makes the socket and binds it. @throws {SystemError} */
export function openSocket(plan: Plan, options: BindOptions): UdpSocketHandle {
  const { socket, bind, close, getsockname } = libc();
  const { domain, family, address, port, zone } = plan;
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = unwrap(socket(domain, type, 0), "socket", {
    tried: "make a UDP socket",
  });
  try {
    applyOptions(fd, plan, options);
    const scope = zone === undefined ? 0 : interfaceIndexOf(fd, zone);
    const name = new Uint8Array(SOCKADDR_SIZE);
    const view = new DataView(name.buffer);
    const length = writeSockaddr(view, 0, domain, { address, port, scope });
    const wanted = formatEndpoint(readSockaddr(view, 0)!);
    if (bind(fd, name, length) < 0) {
      const code = errno();
      throw new SystemError("bind", code, bindContext(code, wanted, port));
    }
    const size = new Int32Array([name.length]);
    unwrap(getsockname(fd, name, size), "getsockname");
    const { receiveErrors, gro } = options;
    return {
      fd,
      domain,
      family,
      address: readSockaddr(view, 0)!,
      options: { receiveErrors, gro },
    };
  } catch (error) {
    close(fd);
    throw error;
  }
}
