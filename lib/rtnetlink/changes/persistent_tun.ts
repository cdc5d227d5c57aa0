// Creates persistent TUN and TAP links.

import type { Namespace } from "../../netns/namespace.ts";
import type { TunLinkOptions } from "../kinds/tun.ts";

/** Creates a persistent link and closes its descriptor. */
export async function makePersistentTun(
  name: string,
  mode: "tun" | "tap",
  { user, group, multi_queue, pi }: TunLinkOptions,
  namespace: Namespace | undefined,
): Promise<void> {
  // Loaded only for such a link.
  const { Tun } = await import("../../tun/device.ts");
  const tun = Tun.open({
    name,
    mode,
    exclusive: true,
    persist: true,
    ...(namespace !== undefined && { namespace }),
    ...(user !== undefined && { owner: Number(user) }),
    ...(group !== undefined && { group: Number(group) }),
    ...(multi_queue !== undefined && { multiQueue: multi_queue }),
    ...(pi !== undefined && { packetInformation: pi }),
  });
  await tun.close();
}
