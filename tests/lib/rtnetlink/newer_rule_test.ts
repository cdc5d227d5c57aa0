// Selectors of rules that iproute2 6.1 does not know, set by a raw request: they
// are shown, and tell a rule from a wider one.

import { assertEquals } from "@std/assert";
import { ruleText } from "../../../cli/show/text/rule.ts";
import * as fr from "../../../ffi/uapi/linux_fib_rules.ts";
import { RTM_NEWRULE } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { ipRule } from "../../../lib/iproute2/rule.ts";
import { isRelease } from "../../../lib/net/kernel_release.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { Network } from "../../../lib/rtnetlink/network.ts";
import {
  addRule,
  deleteRule,
  RULE,
  type RuleSpec,
} from "../../../lib/rtnetlink/rule.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { testUnless } from "../../support/kinds.ts";

/** NLM_F_CREATE | NLM_F_EXCL. */
const CREATE = 0x600;

/** Options, the attributes of the request, and how the kernel reports them. */
const CASES: readonly (readonly [
  spec: RuleSpec,
  attributes: (body: AttributeWriter) => void,
  text: string,
])[] = [
  [
    { dscp: 10 },
    (body) => body.u8(fr.newer.FRA_DSCP, 10),
    "from all lookup 100 dscp AF11",
  ],
  [
    { dscp: "AF11" },
    (body) => body.u8(fr.newer.FRA_DSCP, 10),
    "from all lookup 100 dscp AF11",
  ],
  [
    { flowlabel: 0x12345 },
    (body) =>
      body.bytes(fr.newer.FRA_FLOWLABEL, new Uint8Array([0, 1, 0x23, 0x45]))
        .bytes(fr.newer.FRA_FLOWLABEL_MASK, new Uint8Array([0, 15, 255, 255])),
    "from all lookup 100 flowlabel 0x12345",
  ],
  [
    { flowlabel: "0x12000/0xff000" },
    (body) =>
      body.bytes(fr.newer.FRA_FLOWLABEL, new Uint8Array([0, 1, 0x20, 0]))
        .bytes(fr.newer.FRA_FLOWLABEL_MASK, new Uint8Array([0, 15, 0xf0, 0])),
    "from all lookup 100 flowlabel 0x12000/0xff000",
  ],
  [
    { dport: "80/0xfff0" },
    (body) =>
      body.bytes(
        fr.FRA_DPORT_RANGE,
        fr.fib_rule_port_range.build({ start: 80, end: 80 }),
      ).u16(fr.newer.FRA_DPORT_MASK, 0xfff0),
    "from all dport 0x50/0xfff0 lookup 100",
  ],
];

testUnless(
  isRelease(6, 15) ? undefined : "has no masks of ports",
  "a rule with a DSCP, a flow label and a masked port",
  async () => {
    await using lab = await Lab.open("ns");
    await using route = RouteSocket.open({ namespace: lab.ns.name });
    await using network = Network.open({ namespace: lab.ns.name });
    const base = { family: "inet6", table: 100, priority: 50 } as const;
    const rules = async () =>
      (await route.rules({ family: "inet6" }))
        .filter(({ priority }) => priority === 50);
    for (const [given, write, text] of CASES) {
      const body = new AttributeWriter().raw(fr.fib_rule_hdr.build({
        family: AF_INET6,
        table: 100,
        action: fr.FR_ACT_TO_TBL,
      })).u32(fr.FRA_PRIORITY, 50);
      write(body);
      await route.request({
        type: RTM_NEWRULE,
        flags: CREATE,
        body: body.finish(),
        tried: "add rule",
      });
      const raw = await rules();
      assertEquals(raw.map((rule) => ruleText(ipRule(rule))), [`50:\t${text}`]);
      await network.apply([deleteRule({ ...base, ...given })]);
      assertEquals(await rules(), []);
      await network.apply([addRule({ ...base, ...given })]);
      assertEquals(await rules(), raw);
      // As ensure deletes it.
      await network.apply([deleteRule(RULE.specOf(raw[0]!))]);
      assertEquals(await rules(), []);
    }
  },
);

testUnless(
  isRelease(6, 16) ? undefined : "has no masks of DSCPs",
  "a rule with a masked DSCP",
  async () => {
    await using lab = await Lab.open("ns");
    await using network = Network.open({ namespace: lab.ns.name });
    await network.apply([
      addRule({ dscp: "8/0x38", table: 100, priority: 50 }),
    ]);
    const [rule] = (await network.socket.rules({ family: "inet" }))
      .filter(({ priority }) => priority === 50);
    assertEquals(
      ruleText(ipRule(rule!)),
      "50:\tfrom all lookup 100 dscp 0x8/0x38",
    );
    assertEquals(ipRule(rule!).dscp_mask, "0x38");
  },
);
