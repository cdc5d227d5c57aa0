// What a device with offload leaves to whoever reads it: the work a network
// card would do.

import { EINVAL, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  newer,
  TUN_F_CSUM,
  TUN_F_TSO4,
  TUN_F_TSO6,
  TUN_F_TSO_ECN,
  TUNSETOFFLOAD,
  TUNSETVNETHDRSZ,
} from "../../ffi/uapi/linux_if_tun.ts";
import { HEADER } from "./batch.ts";

/** The kinds of packets that may stand for many; checksums are always left. */
export interface TunOffload {
  /** TCP over IPv4. */
  readonly tso4: boolean;
  /** TCP over IPv6. */
  readonly tso6: boolean;
  /** TCP with congestion notification, which takes one of the two above. */
  readonly ecn: boolean;
  /** UDP over IPv4 and IPv6, from Linux 6.2 on. */
  readonly uso: boolean;
}

const EVERYTHING: TunOffload = { tso4: true, tso6: true, ecn: true, uso: true };

function bits({ tso4, tso6, ecn, uso }: TunOffload): number {
  return TUN_F_CSUM | (tso4 ? TUN_F_TSO4 : 0) | (tso6 ? TUN_F_TSO6 : 0) |
    (ecn && (tso4 || tso6) ? TUN_F_TSO_ECN : 0) |
    // The driver takes both or neither.
    (uso ? newer.TUN_F_USO4 | newer.TUN_F_USO6 : 0);
}

/** Which kinds are requested; undefined without offload. */
export function resolveOffload(
  wanted: boolean | Partial<TunOffload>,
): TunOffload | undefined {
  if (wanted === false) return undefined;
  return wanted === true
    ? EVERYTHING
    : { tso4: false, tso6: false, ecn: false, uso: false, ...wanted };
}

/** Sets TUN_F_* bits; false if the kernel does not know one of them. */
function setBits(fd: number, what: string, features: number): boolean {
  const { ioctl_value } = libc();
  if (ioctl_value(fd, BigInt(TUNSETOFFLOAD), BigInt(features)) >= 0) {
    return true;
  }
  const code = errno();
  if (code === EINVAL) return false;
  throw new SystemError("ioctl TUNSETOFFLOAD", code, {
    tried: `set the offloads of ${what}`,
  });
}

/**
 * Tells the device what may be left undone, and how long its header is. What a
 * persistent device was told by its last user is forgotten.
 *
 * @param wanted False for nothing, true for everything this kernel can.
 * @returns What is on; undefined without offload.
 * @throws {SystemError} if a kind was named that this kernel does not know.
 */
export function setOffload(
  fd: number,
  what: string,
  wanted: boolean | Partial<TunOffload>,
): TunOffload | undefined {
  const requested = resolveOffload(wanted);
  if (requested === undefined) {
    setBits(fd, what, 0);
    return undefined;
  }
  const size = new Uint8Array(new Int32Array([HEADER]).buffer);
  unwrap(
    libc().ioctl(fd, BigInt(TUNSETVNETHDRSZ), size),
    "ioctl TUNSETVNETHDRSZ",
    {
      tried: `set the header of ${what}`,
    },
  );
  if (setBits(fd, what, bits(requested))) return requested;
  const older = { ...requested, uso: false };
  if (wanted === true && setBits(fd, what, bits(older))) return older;
  throw new SystemError("ioctl TUNSETOFFLOAD", EINVAL, {
    tried: `set the offloads of ${what}`,
    advice: "This kernel does not know all of them: UDP takes Linux 6.2",
  });
}
