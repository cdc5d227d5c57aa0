// Control ioctls of the TUN driver: state and settings of the device.

import {
  EBADFD,
  EINVAL,
  ENOLINK,
  ENOTTY,
  EOPNOTSUPP,
  EPERM,
  SystemError,
} from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { ifreq } from "../../ffi/uapi/net_if.ts";
import {
  IFF_ATTACH_QUEUE,
  IFF_DETACH_QUEUE,
  TUNGETDEVNETNS,
  TUNGETIFF,
  TUNGETVNETHDRSZ,
  TUNSETCARRIER,
  TUNSETGROUP,
  TUNSETOWNER,
  TUNSETPERSIST,
  TUNSETQUEUE,
} from "../../ffi/uapi/linux_if_tun.ts";
import { goneError } from "./errors.ts";

function refuse(call: string, tried: string): never {
  const code = errno();
  // macvtap reports ENOLINK.
  if (code === EBADFD || code === ENOLINK) {
    throw goneError(`ioctl ${call}`, code, tried);
  }
  throw new SystemError(`ioctl ${call}`, code, { tried });
}

/** The current name of the device and its IFF_* flags of linux/if_tun.h. */
export function attachedTo(
  fd: number,
  what: string,
): { name: string; flags: number } {
  const request = ifreq.build({});
  if (libc().ioctl(fd, BigInt(TUNGETIFF), request) < 0) {
    refuse("TUNGETIFF", `read the state of ${what}`);
  }
  const { ifr_name, ifr_flags } = ifreq.get(new DataView(request.buffer), 0);
  return { name: ifr_name, flags: ifr_flags & 0xffff };
}

/** The length of struct virtio_net_hdr before each packet. */
export function headerSize(fd: number, what: string): number {
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  if (libc().ioctl(fd, BigInt(TUNGETVNETHDRSZ), bytes) < 0) {
    refuse("TUNGETVNETHDRSZ", `read the header size of ${what}`);
  }
  return value[0]!;
}

/** Detaches or attaches a queue of the device. */
export function setQueue(fd: number, what: string, attached: boolean): void {
  const request = ifreq.build({
    ifr_flags: attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
  });
  if (libc().ioctl(fd, BigInt(TUNSETQUEUE), request) >= 0) return;
  const tried = `${attached ? "attach" : "detach"} ${what}`;
  const code = errno();
  if (code === EBADFD || code === ENOLINK) {
    throw goneError("ioctl TUNSETQUEUE", code, tried);
  }
  throw new SystemError("ioctl TUNSETQUEUE", code, {
    tried,
    ...(code === EINVAL
      ? { advice: "Only queues of a device opened with multiQueue detach" }
      : {}),
  });
}

/** Errors if the kernel, or this process, cannot return the namespace. */
const SILENT: ReadonlySet<number> = new Set([
  EPERM,
  EINVAL,
  ENOTTY,
  EOPNOTSUPP,
]);

/**
 * A descriptor of the device's network namespace, to be closed by the caller;
 * undefined if the kernel does not report it (before Linux 5.5, for macvtap, or
 * without CAP_NET_ADMIN).
 */
export function namespaceOf(fd: number, what: string): number | undefined {
  const namespace = libc().ioctl_value(fd, BigInt(TUNGETDEVNETNS), 0n);
  if (namespace >= 0) return namespace;
  const code = errno();
  if (SILENT.has(code)) return undefined;
  return refuse("TUNGETDEVNETNS", `read the state of ${what}`);
}

/** An ioctl whose argument is the value. */
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

/** Sets whether the device persists after the last descriptor is closed. */
export function setPersist(fd: number, what: string, persist: boolean): void {
  const tried = `make ${what} ${persist ? "stay" : "go"} when it is closed`;
  setValue(fd, PERSIST, persist ? 1 : 0, tried);
}

/** Sets the user who may attach to it without CAP_NET_ADMIN. */
export function setOwner(fd: number, what: string, owner: number): void {
  setValue(fd, OWNER, owner, `give ${what} to user ${owner}`);
}

/** Sets the group that may attach to it without CAP_NET_ADMIN. */
export function setGroup(fd: number, what: string, group: number): void {
  setValue(fd, GROUP, group, `give ${what} to group ${group}`);
}

/** Sets whether the link has a carrier. */
export function setCarrier(fd: number, what: string, carrier: boolean): void {
  const value = new Uint8Array(new Uint32Array([carrier ? 1 : 0]).buffer);
  if (libc().ioctl(fd, BigInt(TUNSETCARRIER), value) < 0) {
    refuse("TUNSETCARRIER", `switch the carrier of ${what}`);
  }
}
