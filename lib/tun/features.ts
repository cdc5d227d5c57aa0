// Offloads of a device: work that the kernel leaves to the reader, as to a
// network card.

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

/** The offloads; partial checksums are always included. */
export interface TunOffload {
  /** TCP over IPv4. */
  readonly tso4: boolean;
  /** TCP over IPv6. */
  readonly tso6: boolean;
  /** TCP with ECN, in addition to one of the two above. */
  readonly ecn: boolean;
  /** UDP over IPv4 and IPv6, from Linux 6.2 on. */
  readonly uso: boolean;
}

const EVERYTHING: TunOffload = { tso4: true, tso6: true, ecn: true, uso: true };

function bits({ tso4, tso6, ecn, uso }: TunOffload): number {
  return TUN_F_CSUM | (tso4 ? TUN_F_TSO4 : 0) | (tso6 ? TUN_F_TSO6 : 0) |
    (ecn && (tso4 || tso6) ? TUN_F_TSO_ECN : 0) |
    // The driver accepts only both together.
    (uso ? newer.TUN_F_USO4 | newer.TUN_F_USO6 : 0);
}

/** The requested offloads; undefined without offload. */
export function resolveOffload(
  wanted: boolean | Partial<TunOffload>,
): TunOffload | undefined {
  if (wanted === false) return undefined;
  return wanted === true
    ? EVERYTHING
    : { tso4: false, tso6: false, ecn: false, uso: false, ...wanted };
}

/** Sets TUN_F_* bits; returns false if the kernel does not support one. */
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
 * Sets the offloads and the header length of the device. Settings of an earlier
 * user of a persistent device are replaced.
 *
 * @param wanted False for none, true for all that the kernel supports.
 * @returns The enabled offloads; undefined without offload.
 * @throws {SystemError} If the kernel does not support a named offload.
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
