// XFRM interfaces: links for IPsec policies. Source: ip-link(8).

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import { type Attribute, link, number, presence } from "../spec/attribute.ts";
import { u32 } from "../spec/codec.ts";
import { hex } from "../spec/json.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of an XFRM link, with iproute2's keys. Source: ip-link(8). */
export interface XfrmOptions {
  /** Take the identifier from each packet's metadata. */
  readonly external?: boolean;
  /** Identifier of the policies and states that use the link. */
  readonly if_id?: number;
  /** Link to send by. */
  readonly dev?: string | number;
}

const plainId = number(c.IFLA_XFRM_IF_ID, u32, { min: 1, json: hex });

/** With `external`, iproute2 prints no identifier. */
const if_id: Attribute<number> = {
  ...plainId,
  json: plainId.json.map(({ read }) => ({
    read: (level) =>
      level.has(c.IFLA_XFRM_COLLECT_METADATA) ? undefined : read(level),
  })),
};

function check({ external, if_id, dev }: XfrmOptions, making: boolean): void {
  if (external && if_id !== undefined) {
    throw new ArgumentError("xfrm if_id", if_id, "possible beside external");
  }
  if (external && dev !== undefined) {
    throw new ArgumentError("xfrm dev", dev, "possible beside external");
  }
  if (making && !external && if_id === undefined) {
    const expected = "a whole number from 1 to 4294967295";
    throw new ArgumentError("xfrm if_id", if_id, expected);
  }
}

export const xfrm: LinkKind<XfrmOptions> = linkKind<XfrmOptions>(
  "xfrm",
  () => ({
    external: presence(c.IFLA_XFRM_COLLECT_METADATA, {
      change: "at creation",
      kernelDefault: false,
      since: "6.1",
    }),
    if_id,
    dev: link(c.IFLA_XFRM_LINK, { json: false }),
  }),
  {
    module: "xfrm_interface",
    // The kernel requires the identifier in every change.
    together: true,
    constants: { of: c, prefix: "IFLA_XFRM_" },
    prepare(values, making) {
      check(values, making);
      return { ...values };
    },
  },
);
