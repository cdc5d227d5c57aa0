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
import type { DesiredLink, NamespaceName } from "../parse/desired.ts";
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

/** Finds the devices of identities. */
export class Devices {
  readonly #view: View;
  readonly #places = new Map<NamespaceName, Map<string, Link[]>>();

  constructor(view: View) {
    this.#view = view;
  }

  /** The devices that an identity matches: one is right. */
  matching({ identity, from, namespace }: DesiredLink): Located[] {
    if (identity === undefined) return [];
    const places = from === namespace ? [from] : [from, namespace];
    return places.flatMap((place) =>
      this.#candidates(place, identity)
        .filter((link) => hasIdentity(link, identity))
        .map((link) => ({ link, namespace: place }))
    );
  }

  #candidates(
    place: NamespaceName,
    { name, address, parent }: DeviceIdentity,
  ): readonly Link[] {
    if (name !== undefined) {
      const found = locatedByName(place, name, this.#view);
      return found === undefined ? [] : [found.link];
    }
    let index = this.#places.get(place);
    if (index === undefined) {
      this.#places.set(place, index = indexed(this.#view.state(place)?.links));
    }
    const key = address === undefined
      ? parentKey(parent)
      : addressKey(address.toLowerCase());
    return index.get(key) ?? [];
  }
}

const addressKey = (address: string | undefined) => `address ${address}`;
const parentKey = (parent: string | undefined) => `parent ${parent}`;

/** Links by address and by parent device. */
function indexed(links: Iterable<Link> = []): Map<string, Link[]> {
  const index = new Map<string, Link[]>();
  for (const link of links) {
    const parent = link.attribute(IFLA_PARENT_DEV_NAME)?.string();
    const keys = [addressKey(permanentAddress(link)), parentKey(parent)];
    for (const key of keys) {
      const same = index.get(key);
      if (same === undefined) index.set(key, [link]);
      else same.push(link);
    }
  }
  return index;
}
