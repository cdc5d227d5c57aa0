// rmnet: several IP links over the link of a modem. Source: ip-link(8),
// Documentation/networking/device_drivers/cellular/qualcomm/rmnet.rst.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ArgumentError } from "../../errors.ts";
import { number } from "../spec/attribute.ts";
import { u16 } from "../spec/codec.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of an rmnet link, with iproute2's keys. Source: ip-link(8). */
export interface RmnetOptions {
  /** Identifier of the link among those of the modem. */
  readonly mux_id?: number;
}

export const rmnet: LinkKind<RmnetOptions> = linkKind<RmnetOptions>(
  "rmnet",
  () => ({ mux_id: number(c.IFLA_RMNET_MUX_ID, u16, { min: 1, max: 254 }) }),
  {
    lower: true,
    constants: { of: c, prefix: "IFLA_RMNET_" },
    prepare(values, making) {
      if (making && values.mux_id === undefined) {
        const expected = "a whole number from 1 to 254";
        throw new ArgumentError("rmnet mux_id", undefined, expected);
      }
      return { ...values };
    },
  },
);
