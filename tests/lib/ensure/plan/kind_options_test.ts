// Options of a link's kind that drift: the reported word and values, and
// whether the link is changed or made again.

import { assertEquals } from "@std/assert";
import {
  parseConfiguration,
  Reconciler,
  RouteSocket,
} from "../../../../mod.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";

interface Drift {
  readonly name: string;
  /** The link as it is described. */
  readonly link: object;
  /** What `ip` does to it. */
  readonly drift: string;
  /** What is reported. */
  readonly reasons: readonly string[];
  /** Whether the link is another one afterwards. */
  readonly again: boolean;
}

const VXLAN = {
  name: "x0",
  kind: "vxlan",
  options: { id: 42, dstport: 4789, learning: false, ageing: 77 },
};

const DRIFTS: readonly Drift[] = [
  {
    name: "learning of a VXLAN",
    link: VXLAN,
    drift: "link set x0 type vxlan learning",
    reasons: ["learning is on, wanted off"],
    again: false,
  },
  {
    name: "several options of a VXLAN",
    link: VXLAN,
    drift: "link set x0 type vxlan learning ageing 300",
    reasons: ["learning is on, wanted off", "ageing is 300, wanted 77"],
    again: false,
  },
  {
    name: "the port of a VXLAN",
    link: VXLAN,
    drift: `link delete x0
      link add x0 type vxlan id 42 dstport 8472 nolearning ageing 77`,
    reasons: ["dstport is 8472, wanted 4789"],
    again: true,
  },
  {
    name: "a multicast group beside an unchanged device",
    link: {
      name: "x0",
      kind: "vxlan",
      options: { id: 42, dstport: 4789, group: "239.1.1.1", dev: "low" },
    },
    drift: "link set x0 type vxlan group 239.1.1.2 dev low",
    reasons: ["group is 239.1.1.2, wanted 239.1.1.1"],
    again: false,
  },
  {
    name: "bits and times of a bridge",
    link: {
      name: "x0",
      kind: "bridge",
      options: { no_linklocal_learn: true, stp_state: true, max_age: 1001 },
    },
    drift: "link set x0 type bridge no_linklocal_learn 0 stp_state 0",
    reasons: [
      "no_linklocal_learn is off, wanted on",
      "stp_state is off, wanted on",
    ],
    again: false,
  },
  {
    name: "the mode of a MACVLAN",
    link: {
      name: "x0",
      kind: "macvlan",
      link: "low",
      options: { mode: "private", nodst: true },
    },
    drift: "link set x0 type macvlan mode vepa",
    reasons: ["mode is vepa, wanted private"],
    again: false,
  },
];

for (const { name, link, drift, reasons, again } of DRIFTS) {
  Deno.test(`ensure reports and corrects ${name}`, async () => {
    await using lab = await Lab.open("ns");
    const { ns } = lab;
    await ns.batch("link add low type veth peer name high");
    const desired = parseConfiguration({ links: [link] });
    await using reconciler = await Reconciler.open(desired, {
      namespace: ns.name,
    });
    const applied = await reconciler.apply();
    assertEquals(applied.refused, undefined);
    assertEquals((await reconciler.plan()).actions, []);

    await ns.batch(drift);
    await using route = RouteSocket.open({ namespace: ns.name });
    const { ifindex } = await route.link("x0");
    const { actions } = await reconciler.plan();
    assertEquals(
      actions.flatMap(({ reasons }) => reasons).toSorted(),
      reasons.toSorted(),
    );
    const corrected = await reconciler.apply();
    assertEquals(corrected.refused, undefined);
    assertEquals(corrected.unresolved, []);
    assertEquals((await route.link("x0")).ifindex !== ifindex, again);
    assertEquals((await reconciler.plan()).actions, []);
  });
}
