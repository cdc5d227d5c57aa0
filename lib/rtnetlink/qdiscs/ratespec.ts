// struct tc_ratespec, in tbf and htb.

import type { tc_ratespec } from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { AttributeLevel } from "../spec/level.ts";
import type { TrafficJson } from "./kind.ts";

type Ratespec = ReturnType<typeof tc_ratespec.get>;

/** TC_LINKLAYER_ETHERNET: the kernel computes times itself. */
const ETHERNET = 1;
const LINK_LAYERS = ["unspec", "ethernet", "atm"];

/** A rate; one of 2^32 or more also needs its attribute of 64 bits. */
export function ratespec(rate: number): Ratespec {
  return {
    cell_log: 0,
    linklayer: ETHERNET,
    overhead: 0,
    cell_align: -1,
    mpu: 0,
    rate: Math.min(0xffff_ffff, Math.floor(rate)),
  };
}

/** Writes the attribute of a rate of 2^32 or more. */
export function wide(
  body: AttributeWriter,
  attribute: number,
  rate: number,
): void {
  if (rate >= 2 ** 32) body.u64(attribute, Math.floor(rate));
}

/** The rate in an attribute of 64 bits, or that of the struct. */
export function wideRate(
  level: AttributeLevel,
  attribute: number,
  rate: number,
): number {
  return level.get(attribute)?.u64() ?? rate;
}

/** The link layer, which iproute2 prints only in details unless it is ATM. */
export function linkLayerJson(
  { linklayer }: Ratespec,
  details: boolean,
): TrafficJson {
  const layer = linklayer & 0x0f;
  return layer > ETHERNET || details
    ? { linklayer: LINK_LAYERS[layer] ?? "unknown" }
    : {};
}
