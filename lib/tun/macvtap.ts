// macvtap: the character device /dev/tapN of a macvtap link, which has the
// ioctls and framing of a TAP device. Each open descriptor is a queue.

import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  EBUSY,
  EINVAL,
  ENODEV,
  ENOENT,
  ENXIO,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import {
  F_SETFL,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
} from "../../ffi/uapi/fcntl.ts";
import {
  IFF_MULTI_QUEUE,
  IFF_NO_PI,
  IFF_TAP,
  IFF_VNET_HDR,
  TUNSETIFF,
} from "../../ffi/uapi/linux_if_tun.ts";
import { ifreq } from "../../ffi/uapi/net_if.ts";
import { releaseEarlierRun } from "../io/thread_descriptors.ts";
import { checkInterfaceName } from "../net/interface_name.ts";
import type { Namespace } from "../netns/namespace.ts";
import { wholeNumber } from "../errors.ts";
import { closeOnError } from "./attach.ts";
import { attachedTo } from "./control.ts";
import type { TunOffload } from "./features.ts";
import { interfaceState } from "./interface.ts";

/** Options of the character device of a macvtap link. */
export interface MacvtapOptions {
  /** The network namespace of the link; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /** The number of queues to open, 1 to 256. Default 1. */
  readonly queues?: number | undefined;
  /** As for `Tun.open`. Default false. */
  readonly offload?: boolean | Partial<TunOffload> | undefined;
  /**
   * The character device. Default `/dev/tapN`, where N is the ifindex, as
   * devtmpfs and udev name it.
   */
  readonly node?: string | undefined;
}

/** Options with all defaults. */
export interface ResolvedMacvtapOptions {
  readonly name: string;
  readonly queues: number;
  readonly offload: boolean | Partial<TunOffload>;
  readonly node: string | undefined;
}

// MAX_TAP_QUEUES of linux/if_tap.h.
const MOST_QUEUES = 256;

/**
 * Fills in the defaults.
 *
 * @throws {ArgumentError} For an invalid option.
 */
export function resolveMacvtapOptions(
  name: string,
  { queues = 1, offload = false, node }: MacvtapOptions,
): ResolvedMacvtapOptions {
  return {
    name: checkInterfaceName(name),
    queues: wholeNumber("queues", queues, 1, MOST_QUEUES),
    offload,
    node,
  };
}

function openAdvice(code: number, name: string): SystemErrorContext {
  switch (code) {
    case ENOENT:
    case ENXIO:
      return {
        advice: `devtmpfs or udev makes the node of macvtap link ${name}; ` +
          "elsewhere: mknod with the numbers in " +
          `/sys/class/net/${name}/macvtap/tap*/dev, and give it as \`node\``,
      };
    case ENODEV:
      return { advice: `The node belongs to no macvtap link; is ${name} one?` };
    case EBUSY:
      return { advice: "The link has as many queues as the kernel allows" };
    default:
      return {};
  }
}

/**
 * Opens a queue of a macvtap link, a nonblocking descriptor.
 *
 * @throws {SystemError} If the node cannot be opened, or belongs to another
 *   link.
 */
export function openMacvtapQueue(wanted: ResolvedMacvtapOptions): number {
  releaseEarlierRun();
  const { name, queues, offload } = wanted;
  const node = wanted.node ?? `/dev/tap${interfaceState(name).index}`;
  const tried = `open ${node} of macvtap link ${name}`;
  const { open, ioctl, fcntl } = libc();
  const fd = open(cString(node), O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) {
    const code = errno();
    throw new SystemError("open", code, { tried, ...openAdvice(code, name) });
  }
  return closeOnError(fd, () => {
    const request = ifreq.build({
      ifr_flags: IFF_TAP | IFF_NO_PI |
        (queues > 1 ? IFF_MULTI_QUEUE : 0) |
        (offload === false ? 0 : IFF_VNET_HDR),
    });
    unwrap(ioctl(fd, BigInt(TUNSETIFF), request), "ioctl TUNSETIFF", { tried });
    const found = attachedTo(fd, `macvtap link ${name}`).name;
    if (found !== name) {
      throw new SystemError("ioctl TUNGETIFF", EINVAL, {
        tried,
        detail: `the node belongs to ${found}`,
        advice: "Links of other namespaces can have the same index: make a " +
          "node with the link's own numbers and give it as `node`",
      });
    }
    unwrap(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), "fcntl", { tried });
    return fd;
  });
}
