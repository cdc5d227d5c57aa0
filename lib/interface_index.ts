// Interface names and the numbers the kernel knows them by, in the calling
// thread's network namespace.

import { SystemError } from "../ffi/errno.ts";
import { cString, errno, libc } from "../ffi/libc.ts";
import { IF_NAMESIZE } from "../ffi/layout/net_if.ts";
import { checkInterfaceName } from "./interface_name.ts";

/**
 * The index of an interface.
 *
 * Source: if_nametoindex(3).
 *
 * @param name Its name, for example "lo"; a decimal number stands for itself.
 * @throws {ArgumentError} For a name no interface can have.
 * @throws {SystemError} ENODEV when there is none of that name.
 *
 * @example
 * ```ts
 * import { interfaceIndex } from "@netplumb/netplumb";
 *
 * console.log(interfaceIndex("lo")); // 1
 * ```
 */
export function interfaceIndex(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  checkInterfaceName(name, "interface");
  const index = libc().if_nametoindex(cString(name));
  if (index !== 0) return index;
  throw new SystemError("if_nametoindex", errno(), {
    tried: `find interface ${name}`,
    advice: "`netplumb show link` lists the interfaces there are",
  });
}

const buffer = new Uint8Array(IF_NAMESIZE);
const decoder = new TextDecoder();

/**
 * The name of an interface; undefined where none has that index (any more).
 *
 * Source: if_indextoname(3).
 *
 * @param index Its index, as packet info and netlink give it.
 *
 * @example
 * ```ts
 * import { interfaceName } from "@netplumb/netplumb";
 *
 * console.log(interfaceName(1)); // lo
 * ```
 */
export function interfaceName(index: number): string | undefined {
  if (libc().if_indextoname(index, buffer) === null) return undefined;
  return decoder.decode(buffer.subarray(0, buffer.indexOf(0)));
}
