// TUN and TAP devices that stay until they are deleted. The kernel makes them
// by ioctls on /dev/net/tun, not by a message.

import type { Namespace } from "../../../namespace.ts";
import { Tun } from "../../../tun/device.ts";
import { groupNumber, userNumber } from "../../names/accounts.ts";
import type { LinkKind } from "../kind.ts";
import { type Option, type OptionsOf, toggleBit } from "../option.ts";
import { numbered } from "../value.ts";

/**
 * The options of a TUN or TAP device, by iproute2's words. Source:
 * ip-tuntap(8), linux/if_tun.h.
 */
export interface TunLinkOptions {
  /** Who may open it without CAP_NET_ADMIN: a user, by name or number. */
  readonly user?: number | string;
  /** The same of a group of users. */
  readonly group?: number | string;
  /** Whether several descriptors may be open at once. */
  readonly multi_queue?: boolean;
  /** Whether packets carry their protocol in front. */
  readonly pi?: boolean;
}

// (uid_t) -1 means "nobody in particular" to the kernel.
const LARGEST = 0xffff_fffe;

const options: OptionsOf<TunLinkOptions> = {
  user: numbered("the name of a user or its number", LARGEST, userNumber),
  group: numbered("the name of a group or its number", LARGEST, groupNumber),
  multi_queue: toggleBit,
  pi: toggleBit,
};

function device(mode: "tun" | "tap"): LinkKind {
  return {
    name: mode,
    module: "tun",
    options: options as { [word: string]: Option<unknown> },
    async open(
      name: string,
      values: TunLinkOptions,
      namespace: Namespace | undefined,
    ) {
      const { user, group, multi_queue, pi } = values;
      const tun = Tun.open({
        name,
        mode,
        namespace,
        exclusive: true,
        persist: true,
        owner: user === undefined ? undefined : Number(user),
        group: group === undefined ? undefined : Number(group),
        multiQueue: multi_queue,
        packetInformation: pi,
      });
      await tun.close();
    },
  };
}

export const tun: LinkKind = device("tun");

export const tap: LinkKind = device("tap");
