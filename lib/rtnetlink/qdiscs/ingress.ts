// Hooks for filters: ingress, and clsact at both sides. Source: tc(8).

import { TCA_OPTIONS } from "../../../ffi/uapi/linux_pkt_sched.ts";
import { type QdiscKind, qdiscKind } from "./kind.ts";

function hook(name: string): QdiscKind {
  return qdiscKind({
    name,
    options: {},
    isIngress: true,
    isFixed: true,
    write: (body) => void body.nest(TCA_OPTIONS, () => {}, true),
  });
}

export const ingress: QdiscKind = hook("ingress");

export const clsact: QdiscKind = hook("clsact");
