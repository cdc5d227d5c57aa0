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
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { testUnless } from "../../support/kinds.ts";

/** NLM_F_CREATE | NLM_F_EXCL. */
const CREATE = 0x600;

testUnless(
  isRelease(6, 15) ? undefined : "has no masks of ports",
  "a rule with a DSCP, a flow label and a masked port",
  async () => {
    await using lab = await Lab.open("ns");
    await using route = RouteSocket.open({ namespace: lab.ns.name });
    const { newer } = fr;
    const add = (write: (body: AttributeWriter) => void) => {
      const body = new AttributeWriter().raw(fr.fib_rule_hdr.build({
        family: AF_INET6,
        table: 100,
        action: fr.FR_ACT_TO_TBL,
      })).u32(fr.FRA_PRIORITY, 50);
      write(body);
      return route.request({
        type: RTM_NEWRULE,
        flags: CREATE,
        body: body.finish(),
        tried: "add rule",
      });
    };
    const label = new Uint8Array([0, 1, 0x23, 0x45]);
    const mask = new Uint8Array([0, 0xf, 0xff, 0xff]);
    await add((body) => body.u8(newer.FRA_DSCP, 10));
    await add((body) =>
      body.bytes(newer.FRA_FLOWLABEL, label)
        .bytes(newer.FRA_FLOWLABEL_MASK, mask)
    );
    await add((body) =>
      body.bytes(
        fr.FRA_DPORT_RANGE,
        fr.fib_rule_port_range.build({ start: 80, end: 80 }),
      ).u16(newer.FRA_DPORT_MASK, 0xfff0)
    );
    const rules = (await route.rules({ family: "inet6" }))
      .filter(({ priority }) => priority === 50);
    assertEquals(
      rules.map((rule) => ruleText(ipRule(rule))),
      [
        "50:\tfrom all lookup 100 dscp AF11",
        "50:\tfrom all lookup 100 flowlabel 0x12345",
        "50:\tfrom all dport 0x50/0xfff0 lookup 100",
      ],
    );
  },
);
