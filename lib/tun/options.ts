// Options of Tun.open(), validated before the first system call.

import { ArgumentError, wholeNumber } from "../errors.ts";
import { checkInterfacePattern } from "../net/interface_name.ts";
import type { Namespace } from "../netns/namespace.ts";
import type { TunOffload } from "./features.ts";

/** Options of a device; each has a default. */
export interface TunOptions {
  /**
   * The name of the device; with one `%d`, the kernel chooses a number. An
   * existing device of the same kind is attached to, otherwise one is created.
   * Default `tun%d` or `tap%d`.
   */
  readonly name?: string | undefined;
  /** `tun` carries IP packets, `tap` Ethernet frames. Default `tun`. */
  readonly mode?: "tun" | "tap" | undefined;
  /** The network namespace of the device; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /** Fail if the device exists. Default false. */
  readonly exclusive?: boolean | undefined;
  /** The number of queues to open, 1 to 256. Default 1. */
  readonly queues?: number | undefined;
  /**
   * Allow attaching more queues later, also from other threads and processes.
   * Default: whether `queues` is more than 1.
   */
  readonly multiQueue?: boolean | undefined;
  /**
   * Whether the device persists after close. Default: a new device is deleted,
   * a persistent one remains.
   */
  readonly persist?: boolean | undefined;
  /** The uid that may open it without CAP_NET_ADMIN. */
  readonly owner?: number | undefined;
  /** The gid that may open it without CAP_NET_ADMIN. */
  readonly group?: number | undefined;
  /**
   * Prepend packet information with the Ethernet protocol to each packet.
   * Needed only for protocols other than IP on a TUN device. Default false.
   */
  readonly packetInformation?: boolean | undefined;
  /** Whether the link has a carrier initially. Default true. */
  readonly carrier?: boolean | undefined;
  /**
   * Enable GSO and partial checksums between the kernel and this process: true
   * for all that the kernel supports, or a list. Packets are split on read
   * unless the batch keeps them unsegmented, and coalesced on write with
   * `coalesce`. Several times as fast for bulk transfers. Default false.
   */
  readonly offload?: boolean | Partial<TunOffload> | undefined;
}

/** Options with all defaults. */
export interface ResolvedTunOptions {
  readonly name: string;
  readonly mode: "tun" | "tap";
  readonly exclusive: boolean;
  readonly queues: number;
  readonly multiQueue: boolean;
  readonly persist: boolean | undefined;
  readonly owner: number | undefined;
  readonly group: number | undefined;
  readonly packetInformation: boolean;
  readonly carrier: boolean;
  readonly offload: boolean | Partial<TunOffload>;
}

// MAX_TAP_QUEUES of drivers/net/tun.c.
const MOST_QUEUES = 256;
// (uid_t) -1 means no user to the kernel.
const LARGEST_ID = 0xffff_fffe;

function checkId(argument: string, id: number | undefined): number | undefined {
  return id === undefined ? id : wholeNumber(argument, id, 0, LARGEST_ID);
}

/**
 * Fills in the defaults.
 *
 * @throws {ArgumentError} For an invalid option.
 */
export function resolveTunOptions(options: TunOptions): ResolvedTunOptions {
  const { mode = "tun", queues = 1, multiQueue = queues > 1 } = options;
  if (mode !== "tun" && mode !== "tap") {
    throw new ArgumentError("mode", mode, '"tun" or "tap"');
  }
  wholeNumber("queues", queues, 1, MOST_QUEUES);
  if (queues > 1 && !multiQueue) {
    throw new ArgumentError(
      "multiQueue",
      multiQueue,
      `possible with ${queues} queues`,
    );
  }
  return {
    name: checkInterfacePattern(options.name ?? `${mode}%d`),
    mode,
    exclusive: options.exclusive ?? false,
    queues,
    multiQueue,
    persist: options.persist,
    owner: checkId("owner", options.owner),
    group: checkId("group", options.group),
    packetInformation: options.packetInformation ?? false,
    carrier: options.carrier ?? true,
    offload: options.offload ?? false,
  };
}
