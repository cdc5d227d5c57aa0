// An address as it is to be, beside those there are.

import {
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NOPREFIXROUTE,
} from "../../../ffi/uapi/linux_if_addr.ts";
import { type Address, decodeAddress } from "../../rtnetlink/address.ts";
import {
  addAddress,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "../../rtnetlink/changes/address.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { addressIdentity } from "../../rtnetlink/monitor/identities.ts";
import { scopeName } from "../../rtnetlink/names/iproute2.ts";
import { changeOf } from "../parse/desired.ts";
import { Order } from "./action.ts";
import type { AddressConfiguration } from "../parse/configuration.ts";
import {
  type Correction,
  type DesiredObject,
  differs,
  Wanted,
} from "./desired_object.ts";
import type { State } from "./state.ts";

const FOREVER = 0xffff_ffff;

const FLAGS = {
  home: IFA_F_HOMEADDRESS,
  mngtmpaddr: IFA_F_MANAGETEMPADDR,
  noprefixroute: IFA_F_NOPREFIXROUTE,
  autojoin: IFA_F_MCAUTOJOIN,
} as const;

/** A desired address of a link. */
export function desiredAddress(
  link: string,
  description: AddressConfiguration,
): DesiredObject {
  const spec: AddressSpec = { ...description, dev: link };
  const wanted = new Wanted<Address>({
    change: changeOf(description, () => addAddress(spec)),
    devices: [link],
    decode: decodeAddress,
    key: addressIdentity.key,
  });
  const find = (state: State) => state.addresses.get(wanted.key(state));
  return {
    object: "address",
    order: Order.address,
    name: `${description.address} of ${link}`,
    devices: [link],
    key: (state) => wanted.key(state),
    find,
    correction: (state) =>
      correction(spec, wanted.change, wanted.value(state), find(state)),
  };
}

function correction(
  spec: AddressSpec,
  add: Change,
  wanted: Address,
  is: Address | undefined,
): Correction | undefined {
  if (is === undefined) {
    return {
      action: "add",
      reasons: [],
      changes: [add],
      get undo() {
        return [deleteAddress(spec)];
      },
    };
  }
  const anew = fixedReasons(spec, wanted, is);
  const reasons = [...anew, ...changeableReasons(spec, wanted, is)];
  if (reasons.length === 0) return undefined;
  if (anew.length === 0) {
    return {
      action: "change",
      reasons,
      changes: [replaceAddress(spec)],
      undo: [],
    };
  }
  const old = deleteAddress({
    address: `${is.address}/${is.prefixLength}`,
    dev: spec.dev,
    ...(is.peer === undefined
      ? {}
      : { address: is.address, peer: `${is.peer}/${is.prefixLength}` }),
  });
  return {
    action: "change",
    reasons,
    changes: [old, add],
    undo: [],
  };
}

/** What the kernel changes only by making it anew. */
function fixedReasons(
  spec: AddressSpec,
  wanted: Address,
  is: Address,
): string[] {
  const reasons: string[] = [];
  if (is.prefixLength !== wanted.prefixLength) {
    const told = differs("prefix length", is.prefixLength, wanted.prefixLength);
    reasons.push(told);
  }
  if (is.peer !== wanted.peer && spec.peer !== undefined) {
    reasons.push(differs("peer", is.peer, wanted.peer));
  }
  if (spec.broadcast !== undefined && is.broadcast !== wanted.broadcast) {
    reasons.push(
      differs("broadcast", is.broadcast, wanted.broadcast ?? "none"),
    );
  }
  if (spec.label !== undefined && is.label !== wanted.label) {
    reasons.push(differs("label", is.label, wanted.label));
  }
  if (spec.scope !== undefined && is.scope !== wanted.scope) {
    reasons.push(
      differs("scope", scopeName(is.scope), scopeName(wanted.scope)),
    );
  }
  return reasons;
}

function changeableReasons(
  spec: AddressSpec,
  wanted: Address,
  is: Address,
): string[] {
  const reasons: string[] = [];
  if (spec.metric !== undefined && (is.metric ?? 0) !== spec.metric) {
    reasons.push(differs("metric", is.metric ?? 0, spec.metric));
  }
  for (const [word, bit] of Object.entries(FLAGS)) {
    const asked = spec[word as keyof typeof FLAGS];
    if (asked === undefined || (is.flags & bit) === (wanted.flags & bit)) {
      continue;
    }
    reasons.push(
      differs(word, asked ? "off" : "on", asked ? "on" : "off"),
    );
  }
  // Seconds run down by themselves: only whether they do is compared.
  for (
    const [word, asked, left] of [
      ["valid_lft", spec.valid_lft, is.lifetime?.valid],
      ["preferred_lft", spec.preferred_lft, is.lifetime?.preferred],
    ] as const
  ) {
    if (asked === "forever" && (left ?? FOREVER) !== FOREVER) {
      reasons.push(differs(word, `${left} s`, asked));
    } else if (typeof asked === "number" && left === FOREVER) {
      reasons.push(differs(word, "forever", `${asked} s`));
    }
  }
  return reasons;
}
