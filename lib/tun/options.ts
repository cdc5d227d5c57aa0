// Options of Tun.open(), validated before the first system call.

import { ArgumentError } from "../errors.ts";
import { checkInterfacePattern } from "../net/interface_name.ts";
import type { Namespace } from "../netns/namespace.ts";
import type { TunOffload } from "./features.ts";
import { wholeNumber } from "../whole_number.ts";

/** How to open a device; each part has a usual value. */
export interface TunOptions {
  /**
   * The device's name; one `%d` lets the kernel choose a number. An existing
   * device of the same kind is attached to, otherwise one is made. Default
   * `tun%d` or `tap%d`.
   */
  readonly name?: string | undefined;
  /** `tun` carries IP packets, `tap` Ethernet frames. Default `tun`. */
  readonly mode?: "tun" | "tap" | undefined;
  /** The network namespace to make the device in; default this thread's. */
  readonly namespace?: Namespace | undefined;
  /** Refuse to attach to a device that exists. Default false. */
  readonly exclusive?: boolean | undefined;
  /** How many queues to open, 1 to 256. Default 1. */
  readonly queues?: number | undefined;
  /**
   * Whether further queues can be attached later, from a worker or another
   * process. Default: whether `queues` is more than 1.
   */
  readonly multiQueue?: boolean | undefined;
  /**
   * Whether the device stays when it is closed. Default: a new one goes, one
   * that was persistent stays.
   */
  readonly persist?: boolean | undefined;
  /** The user, by number, who may open it without CAP_NET_ADMIN. */
  readonly owner?: number | undefined;
  /** The group, by number, that may open it without CAP_NET_ADMIN. */
  readonly group?: number | undefined;
  /**
   * Whether the kernel names the Ethernet protocol of each packet, and wants it
   * named. Needed only to carry what is not IP over a TUN device. Default false.
   */
  readonly packetInformation?: boolean | undefined;
  /** Whether the link has a carrier from the start. Default true. */
  readonly carrier?: boolean | undefined;
  /**
   * Let packets stand for many and checksums be left open, between the kernel
   * and this process: true for all the kernel can, or the kinds. Packets are
   * split as they are read, unless the batch takes them whole, and joined as
   * they are written where `coalesce` asks for it. Bulk transfers become several
   * times as fast. Default false.
   */
  readonly offload?: boolean | Partial<TunOffload> | undefined;
}

/** Options with every default in its place. */
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
// (uid_t) -1 means "nobody in particular" to the kernel.
const LARGEST_ID = 0xffff_fffe;

function checkId(argument: string, id: number | undefined): number | undefined {
  return id === undefined ? id : wholeNumber(argument, id, 0, LARGEST_ID);
}

/**
 * Fills in the defaults.
 *
 * @throws {ArgumentError} if a part cannot be right.
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
