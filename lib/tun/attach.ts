// Opens /dev/net/tun and attaches descriptors to a device. The order is open,
// TUNSETIFF, O_NONBLOCK, then waiting: poll(2) before TUNSETIFF reports an error,
// and epoll reports no event later.

import { releaseEarlierRun } from "../io/thread_descriptors.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  F_SETFL,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
} from "../../ffi/uapi/fcntl.ts";
import {
  IFF_MULTI_QUEUE,
  IFF_NO_CARRIER,
  IFF_NO_PI,
  IFF_TAP,
  IFF_TUN,
  IFF_TUN_EXCL,
  IFF_VNET_HDR,
  TUNSETIFF,
} from "../../ffi/uapi/linux_if_tun.ts";
import { ifreq } from "../../ffi/uapi/net_if.ts";
import { setCarrier } from "./control.ts";
import { attachError, type Attachment, NODE, openError } from "./errors.ts";

/** How to attach a descriptor. */
export interface AttachOptions extends Attachment {
  readonly packetInformation: boolean;
  readonly carrier: boolean;
  readonly header: boolean;
}

/** Opens the node; each descriptor can be attached once. */
export function openNode(): number {
  releaseEarlierRun();
  const fd = libc().open(cString(NODE), O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) throw openError(errno());
  return fd;
}

/** Runs `body` and closes the descriptor if it throws. */
export function closeOnError<T>(fd: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/**
 * An attached, nonblocking descriptor and the device name that the kernel
 * chose.
 */
export function attach(wanted: AttachOptions): { fd: number; name: string } {
  const fd = openNode();
  return closeOnError(fd, () => {
    const request = ifreq.build({
      ifr_name: wanted.name,
      ifr_flags: (wanted.mode === "tun" ? IFF_TUN : IFF_TAP) |
        (wanted.packetInformation ? 0 : IFF_NO_PI) |
        (wanted.multiQueue ? IFF_MULTI_QUEUE : 0) |
        (wanted.exclusive ? IFF_TUN_EXCL : 0) |
        (wanted.carrier ? 0 : IFF_NO_CARRIER) |
        (wanted.header ? IFF_VNET_HDR : 0),
    });
    if (libc().ioctl(fd, BigInt(TUNSETIFF), request) < 0) {
      throw attachError(errno(), wanted);
    }
    const name = ifreq.fields.ifr_name.get(new DataView(request.buffer), 0);
    // Kernels before 6.3 ignore IFF_NO_CARRIER.
    if (!wanted.carrier) setCarrier(fd, name, false);
    unwrap(libc().fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), "fcntl", {
      tried: `make ${name} nonblocking`,
    });
    return { fd, name };
  });
}
