// Errors of the TUN driver, with advice.

import {
  E2BIG,
  EACCES,
  EBADFD,
  EBUSY,
  EEXIST,
  EINVAL,
  EIO,
  ENODEV,
  ENOENT,
  ENXIO,
  EPERM,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";

/** The node of all TUN and TAP devices. */
export const NODE = "/dev/net/tun";

/**
 * The device was deleted while it was open: it can only be closed.
 *
 * Source: drivers/net/tun.c.
 *
 * @example
 * ```ts
 * import { DeviceGoneError, Tun } from "@netplumb/netplumb";
 *
 * async function packets(tun: Tun): Promise<number> {
 *   try {
 *     for (let count = 0;; count++) await tun.read();
 *   } catch (error) {
 *     if (error instanceof DeviceGoneError) return 0; // `ip link delete` came
 *     throw error;
 *   }
 * }
 * console.log(typeof packets);
 * ```
 */
export class DeviceGoneError extends SystemError {
  /** "DeviceGoneError". */
  override readonly name = "DeviceGoneError";
}

/**
 * A packet that the kernel rejected. The other packets of a batch are not
 * affected.
 *
 * Source: drivers/net/tun.c.
 *
 * @example
 * ```ts
 * import { PacketBatch, PacketRejectedError, type Tun } from "@netplumb/netplumb";
 *
 * async function write(tun: Tun, batch: PacketBatch): Promise<void> {
 *   const rejected: PacketRejectedError[] = [];
 *   await tun.writeMany(batch, { onRejected: (error) => rejected.push(error) });
 *   for (const { index, code } of rejected) console.error(index, code);
 * }
 * console.log(typeof write);
 * ```
 */
export class PacketRejectedError extends SystemError {
  /** "PacketRejectedError". */
  override readonly name: string = "PacketRejectedError";

  /**
   * Creates the error of a rejected packet.
   *
   * @param errno The errno of write(2).
   * @param bytes The length of the packet in bytes.
   * @param index The packet's index in the batch, 0 for a single packet.
   * @param context The operation and what to do.
   */
  constructor(
    errno: number,
    /** The length of the packet in bytes. */
    readonly bytes: number,
    /** The packet's index in the batch, 0 for a single packet. */
    readonly index: number,
    context?: SystemErrorContext,
  ) {
    super("write", errno, context);
  }
}

/**
 * The kernel rejected a packet because the link is down.
 *
 * Source: drivers/net/tun.c.
 *
 * @example
 * ```ts
 * import { LinkDownError, type Tun } from "@netplumb/netplumb";
 *
 * async function write(tun: Tun, packet: Uint8Array): Promise<boolean> {
 *   try {
 *     await tun.write(packet);
 *     return true;
 *   } catch (error) {
 *     if (error instanceof LinkDownError) return false; // tun.up() was not called
 *     throw error;
 *   }
 * }
 * console.log(typeof write);
 * ```
 */
export class LinkDownError extends PacketRejectedError {
  /** "LinkDownError". */
  override readonly name = "LinkDownError";
}

/** The error of opening the node. */
export function openError(errno: number): SystemError {
  return new SystemError("open", errno, {
    tried: `open ${NODE}`,
    ...openAdvice(errno),
  });
}

function openAdvice(errno: number): SystemErrorContext {
  switch (errno) {
    case ENOENT:
      return {
        advice: "There is no such node. Load the driver (modprobe tun), or " +
          `make it: mkdir -p /dev/net && mknod ${NODE} c 10 200; a container ` +
          `needs --device ${NODE}`,
      };
    case ENODEV:
    case ENXIO:
      return { advice: "The kernel has no TUN driver loaded: modprobe tun" };
    case EACCES:
      return {
        advice: "This user may not open the node. Any user may on most " +
          `systems: chmod 0666 ${NODE}`,
      };
    case EPERM:
      return {
        advice: "The container's device rules forbid it: start it with " +
          `--device ${NODE}`,
      };
    default:
      return {};
  }
}

/** The flags of TUNSETIFF. */
export interface Attachment {
  readonly name: string;
  readonly mode: "tun" | "tap";
  readonly multiQueue: boolean;
  readonly exclusive: boolean;
}

/** The error of TUNSETIFF. */
export function attachError(errno: number, wanted: Attachment): SystemError {
  return new SystemError("ioctl TUNSETIFF", errno, {
    tried: `attach to ${wanted.mode.toUpperCase()} device ${wanted.name}`,
    ...attachAdvice(errno, wanted),
  });
}

/**
 * The error of attaching to a device in use with settings that differ or would
 * change it.
 *
 * @param differences The differences, each as "its state, not what was
 *   requested".
 */
export function inUseError(
  what: string,
  differences: readonly string[],
): SystemError {
  return new SystemError("ioctl TUNSETIFF", EBUSY, {
    tried: `attach to ${what}`,
    detail: `other descriptors hold it with ${differences.join(" and ")}`,
    advice: "Open it with the same options; joining changes no settings",
  });
}

function attachAdvice(
  errno: number,
  { name, mode, multiQueue, exclusive }: Attachment,
): SystemErrorContext {
  switch (errno) {
    case EPERM:
      return {
        capability: "CAP_NET_ADMIN",
        advice:
          "It takes CAP_NET_ADMIN to make a device. Run as root, or let " +
          "root make one once that this user owns: " +
          `ip tuntap add ${name.replace("%d", "0")} mode ${mode} user NAME`,
      };
    case EBUSY:
      return {
        advice: exclusive
          ? "An interface of that name exists, and `exclusive` requests a new one. " +
            "Choose another name, or attach without `exclusive`"
          : "Another program holds the device. End it, or open the device " +
            "with several queues in both",
      };
    case EEXIST:
      return { advice: "This descriptor is attached to a device already" };
    case EINVAL:
      return {
        advice:
          `An interface of that name exists and is not a ${mode.toUpperCase()} ` +
          `device ${
            multiQueue ? "with" : "without"
          } several queues (see \`ip -d link show ${name}\`). Choose another ` +
          "name or the same kind",
      };
    case E2BIG:
      return { advice: "The device has as many queues as the kernel allows" };
    default:
      return {};
  }
}

/** The error of a packet that write(2) rejected. */
export function writeError(
  errno: number,
  device: string,
  bytes: number,
  index: number,
): SystemError {
  const tried = `write a packet of ${bytes} bytes to ${device}`;
  switch (errno) {
    case EBADFD:
      return goneError("write", errno, tried);
    case EIO:
      return new LinkDownError(errno, bytes, index, {
        tried,
        advice: "The link is down: bring it up first",
      });
    case EINVAL:
      return new PacketRejectedError(errno, bytes, index, {
        tried,
        advice: "It is no packet of the device's kind: a TUN device takes " +
          "IPv4 and IPv6, a TAP device Ethernet frames of 14 bytes and more",
      });
    default:
      return new PacketRejectedError(errno, bytes, index, { tried });
  }
}

/** The error of a descriptor whose device was deleted. */
export function goneError(
  syscall: string,
  errno: number,
  tried: string,
): DeviceGoneError {
  return new DeviceGoneError(syscall, errno, {
    tried,
    advice: "The device was deleted. Close it and open it anew",
  });
}
