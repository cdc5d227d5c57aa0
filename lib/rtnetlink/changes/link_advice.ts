// Advice for rejected links, options and settings, if the kernel gives no
// reason.

import { EINVAL, EOPNOTSUPP } from "../../../ffi/errno.ts";
import type { NetlinkError } from "../../netlink/errors.ts";
import type { LinkKind } from "../kinds/kind.ts";

/** Advice for a link that was not created. */
export function adviseMaking(
  { errno, ack }: NetlinkError,
  { name, module = name }: LinkKind,
  options: object,
): string | undefined {
  if (errno !== EOPNOTSUPP) return undefined;
  if (ack.message?.includes("Unknown device type")) {
    return `This kernel has no links of kind ${name}: load the module ` +
      `${module} with modprobe(8), if it is installed`;
  }
  const words = Object.keys(options);
  return words.length === 0
    ? undefined
    : `This kernel's ${module} does not support one of ${words.join(", ")}`;
}

/** A rejected change of a link. */
interface Changed {
  /** Its name. */
  readonly link: string | number;
  /** Its kind or port kind, if its options were given. */
  readonly kind: LinkKind | undefined;
  /** The options of the kind. */
  readonly options: object;
  /** The other settings. */
  readonly settings: object;
}

/** Advice for a link that was not changed. */
export function adviseChanging(
  { errno, ack }: NetlinkError,
  { link, kind, options, settings }: Changed,
): string | undefined {
  if (ack.message !== undefined) return undefined;
  if (errno !== EOPNOTSUPP && errno !== EINVAL) return undefined;
  if (kind !== undefined) {
    const { name, module = name } = kind;
    const words = Object.keys(options).join(", ");
    return `${link} is not of kind ${name}` +
      (words === ""
        ? ""
        : `, or this kernel's ${module} does not support one of ${words}`);
  }
  const words = Object.keys(settings).filter((word) => word !== "master");
  const parts = words.length === 0
    ? []
    : [`${link} does not accept this ${words.join(" or ")}`];
  if ("master" in settings) {
    parts.push(
      "A master must be a bridge, a bond or a VRF, and lo cannot have one",
    );
  }
  return parts.length === 0 ? undefined : parts.join(". ");
}
