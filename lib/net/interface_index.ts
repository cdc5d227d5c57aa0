// Interface names and indexes, in the calling thread's network namespace or in a
// socket's.

import { ENODEV, ENXIO, SystemError } from "../../ffi/errno.ts";
import { cString, errno, libc } from "../../ffi/libc.ts";
import {
  IF_NAMESIZE,
  ifreq,
  SIOCGIFINDEX,
  SIOCGIFNAME,
} from "../../ffi/uapi/net_if.ts";
import { checkInterfaceName } from "./interface_name.ts";
import { wholeNumber } from "../errors.ts";

/** The kernel stores an index in an int. */
const HIGHEST = 0x7fffffff;
const REQUEST = BigInt(SIOCGIFINDEX);
const NAME_REQUEST = BigInt(SIOCGIFNAME);

/** An interface, by name or index. */
export type InterfaceRef = string | number;

/**
 * The index of an interface.
 *
 * Source: if_nametoindex(3).
 *
 * @param name Its name, for example "lo"; a decimal number is an index.
 * @throws {ArgumentError} For an invalid name.
 * @throws {SystemError} ENODEV if it does not exist.
 *
 * @example
 * ```ts
 * import { interfaceIndex } from "@netplumb/netplumb";
 *
 * console.log(interfaceIndex("lo")); // 1
 * ```
 */
export function interfaceIndex(name: string): number {
  if (/^\d+$/.test(name)) return checkIndex(Number(name));
  checkInterfaceName(name, "interface");
  const index = libc().if_nametoindex(cString(name));
  if (index !== 0) return index;
  throw refused("if_nametoindex", name);
}

/**
 * The index of an interface in the namespace of a socket, not of the calling
 * thread.
 *
 * Source: netdevice(7), SIOCGIFINDEX.
 *
 * @throws {ArgumentError} For an invalid name or index.
 * @throws {SystemError} ENODEV if it does not exist.
 */
export function interfaceIndexOf(fd: number, ref: InterfaceRef): number {
  if (typeof ref === "number") return checkIndex(ref);
  if (/^\d+$/.test(ref)) return checkIndex(Number(ref));
  checkInterfaceName(ref, "interface");
  const request = ifreq.build({ ifr_name: ref });
  if (libc().ioctl(fd, REQUEST, request) < 0) {
    throw refused("ioctl", ref);
  }
  return ifreq.fields.ifr_ifindex.get(new DataView(request.buffer), 0);
}

function checkIndex(index: number): number {
  return wholeNumber("interface", index, 0, HIGHEST);
}

function refused(syscall: string, name: string): SystemError {
  const code = errno();
  return new SystemError(syscall, code, {
    tried: `find interface ${name}`,
    ...(code === ENODEV
      ? {
        advice:
          "Check its name; an interface in another namespace is not visible here",
      }
      : {}),
  });
}

const buffer = new Uint8Array(IF_NAMESIZE);
const decoder = new TextDecoder();

/**
 * The name of an interface; undefined if no interface has that index.
 *
 * Source: if_indextoname(3).
 *
 * @param index Its index, as packet info and netlink give it.
 * @throws {SystemError} For any other error, such as EMFILE.
 *
 * @example
 * ```ts
 * import { interfaceName } from "@netplumb/netplumb";
 *
 * console.log(interfaceName(1)); // lo
 * ```
 */
export function interfaceName(index: number): string | undefined {
  if (libc().if_indextoname(index, buffer) === null) {
    const code = errno();
    if (code === ENXIO || code === ENODEV) return undefined;
    throw new SystemError("if_indextoname", code, {
      tried: `find the name of interface ${index}`,
    });
  }
  return decoder.decode(buffer.subarray(0, buffer.indexOf(0)));
}

/**
 * The name of an interface in the namespace of a socket; undefined if the
 * ifindex does not exist (any more).
 *
 * Source: netdevice(7), SIOCGIFNAME.
 *
 * @throws {ArgumentError} For an invalid ifindex.
 * @throws {SystemError} EBADF ...
 */
export function interfaceNameOf(
  fd: number,
  index: number,
): string | undefined {
  const request = ifreq.build({ ifr_ifindex: checkIndex(index) });
  if (libc().ioctl(fd, NAME_REQUEST, request) === 0) {
    return ifreq.fields.ifr_name.get(new DataView(request.buffer), 0);
  }
  const code = errno();
  if (code === ENODEV || code === ENXIO) return undefined;
  throw new SystemError("ioctl", code, {
    tried: `find the name of interface ${index}`,
  });
}
