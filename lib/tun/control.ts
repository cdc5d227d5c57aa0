// What the driver says of, and does to, the device behind a descriptor.

import {
  EBADFD,
  EINVAL,
  ENOTTY,
  EOPNOTSUPP,
  EPERM,
  SystemError,
} from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { ifreq } from "../../ffi/uapi/net_if.ts";
import {
  TUNGETDEVNETNS,
  TUNGETIFF,
  TUNSETCARRIER,
  TUNSETGROUP,
  TUNSETOWNER,
  TUNSETPERSIST,
} from "../../ffi/uapi/linux_if_tun.ts";
import { goneError } from "./errors.ts";

function refuse(call: string, tried: string): never {
  const code = errno();
  if (code === EBADFD) throw goneError(`ioctl ${call}`, code, tried);
  throw new SystemError(`ioctl ${call}`, code, { tried });
}

/** The name the device has now and its IFF_* flags of linux/if_tun.h. */
export function attachedTo(
  fd: number,
  what: string,
): { name: string; flags: number } {
  const request = ifreq.build({});
  if (libc().ioctl(fd, BigInt(TUNGETIFF), request) < 0) {
    refuse("TUNGETIFF", `ask about ${what}`);
  }
  const { ifr_name, ifr_flags } = ifreq.get(new DataView(request.buffer), 0);
  return { name: ifr_name, flags: ifr_flags & 0xffff };
}

/** What the kernel answers where it does not tell, or not this process. */
const SILENT: ReadonlySet<number> = new Set([
  EPERM,
  EINVAL,
  ENOTTY,
  EOPNOTSUPP,
]);

/**
 * A descriptor of the network namespace the device is in, to be closed;
 * undefined where the kernel does not tell (before Linux 5.5, or without
 * CAP_NET_ADMIN).
 */
export function namespaceOf(fd: number, what: string): number | undefined {
  const namespace = libc().ioctl_value(fd, BigInt(TUNGETDEVNETNS), 0n);
  if (namespace >= 0) return namespace;
  const code = errno();
  if (SILENT.has(code)) return undefined;
  return refuse("TUNGETDEVNETNS", `ask about ${what}`);
}

/** An ioctl whose argument is the value itself. */
function setValue(
  fd: number,
  ioctl: { readonly call: string; readonly number: number },
  value: number,
  tried: string,
): void {
  if (libc().ioctl_value(fd, BigInt(ioctl.number), BigInt(value)) < 0) {
    refuse(ioctl.call, tried);
  }
}

const PERSIST = { call: "TUNSETPERSIST", number: TUNSETPERSIST };
const OWNER = { call: "TUNSETOWNER", number: TUNSETOWNER };
const GROUP = { call: "TUNSETGROUP", number: TUNSETGROUP };

/** Whether the device stays when the last descriptor of it is closed. */
export function setPersist(fd: number, what: string, persist: boolean): void {
  const tried = `make ${what} ${persist ? "stay" : "go"} when it is closed`;
  setValue(fd, PERSIST, persist ? 1 : 0, tried);
}

/** The user who may attach to it without CAP_NET_ADMIN. */
export function setOwner(fd: number, what: string, owner: number): void {
  setValue(fd, OWNER, owner, `give ${what} to user ${owner}`);
}

/** The group that may attach to it without CAP_NET_ADMIN. */
export function setGroup(fd: number, what: string, group: number): void {
  setValue(fd, GROUP, group, `give ${what} to group ${group}`);
}

/** Whether the link has a carrier, as a cable that is plugged in. */
export function setCarrier(fd: number, what: string, carrier: boolean): void {
  const value = new Uint8Array(new Uint32Array([carrier ? 1 : 0]).buffer);
  if (libc().ioctl(fd, BigInt(TUNSETCARRIER), value) < 0) {
    refuse("TUNSETCARRIER", `switch the carrier of ${what}`);
  }
}
