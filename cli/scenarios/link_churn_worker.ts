// A thread that keeps changing the links of a network namespace in bursts, as
// machines with containers do: added one by one, deleted together.

/// <reference lib="deno.worker" />

import { addLink, deleteLinkGroup } from "../../lib/rtnetlink/changes/link.ts";
import { RawNetlink } from "./raw_netlink.ts";

const PAIRS = 50;
const GROUP = 7;
/** Milliseconds from burst to burst. */
const PAUSE = 20;

const LINKS = Array.from({ length: PAIRS }, (_, pair) =>
  addLink({
    name: `churn${pair}`,
    kind: "veth",
    group: GROUP,
    options: { peer: { name: `peer${pair}` } },
  }));

self.onmessage = ({ data: namespace }: MessageEvent<string>) => {
  const netlink = new RawNetlink(namespace);
  self.postMessage("started");
  setInterval(() => {
    for (const link of LINKS) netlink.apply(link);
    netlink.apply(deleteLinkGroup(GROUP));
  }, PAUSE);
};
