// Existing devices of a configuration, which can have another name or be in the
// namespace that they are moved from.

import {
  IFLA_PARENT_DEV_BUS_NAME,
  IFLA_PARENT_DEV_NAME,
  IFLA_PERM_ADDRESS,
} from "../../../ffi/uapi/linux_if_link.ts";
import { linkLayerAddress } from "../../rtnetlink/link/link_layer.ts";
import type { Link } from "../../rtnetlink/link/link.ts";
import type { DeviceIdentity } from "../parse/configuration.ts";
import type { DesiredLink } from "../parse/desired.ts";
import { type Located, locatedByName } from "./link.ts";
import type { View } from "./state.ts";

/** Whether a link has the address and the parent of an identity. */
export function hasIdentity(
  link: Link,
  { address, parent, bus }: DeviceIdentity,
): boolean {
  return (address === undefined ||
    permanentAddress(link) === address.toLowerCase()) &&
    (parent === undefined ||
      link.attribute(IFLA_PARENT_DEV_NAME)?.string() === parent) &&
    (bus === undefined ||
      link.attribute(IFLA_PARENT_DEV_BUS_NAME)?.string() === bus);
}

function permanentAddress(link: Link): string | undefined {
  const permanent = link.attribute(IFLA_PERM_ADDRESS);
  if (permanent === undefined) return link.address;
  const { bytes, at, length } = permanent;
  return linkLayerAddress(link.type, bytes, at, length);
}

/** The devices that an identity matches: one is right. */
export function matchingDevices(
  { identity, from, namespace }: DesiredLink,
  view: View,
): Located[] {
  if (identity === undefined) return [];
  const { name } = identity;
  const places = from === namespace ? [from] : [from, namespace];
  return places.flatMap((place): Located[] => {
    if (name !== undefined) {
      const found = locatedByName(place, name, view);
      return found !== undefined && hasIdentity(found.link, identity)
        ? [found]
        : [];
    }
    return [...view.state(place)?.links ?? []]
      .filter((link) => hasIdentity(link, identity))
      .map((link) => ({ link, namespace: place }));
  });
}
