// Names of a family's messages and attributes, for errors. lib/netlink does not
// know any family: the caller passes them.

import { NLA_ALIGN, NLMSG_HDRLEN } from "../../ffi/uapi/linux_netlink.ts";
import {
  netlinkAttributes,
  netlinkString,
} from "../socket/netlink_attributes.ts";

/** A C struct, as far as its fields can be read. */
export interface NetlinkStruct {
  /** Its size, in bytes. */
  readonly size: number;
  /** Its fields, by their names in C. */
  readonly fields: {
    readonly [name: string]: {
      /** The field of the struct at `at`. */
      get(view: DataView, at: number): unknown;
    };
  };
}

/** The names of the attributes of one level. */
export interface AttributeNames {
  /** By attribute number. */
  readonly [type: number]: {
    readonly name: string;
    /** The names of its nested attributes; `siblings` reads a string attribute beside it. */
    readonly inside?: (
      siblings: (type: number) => string | undefined,
    ) => AttributeNames | undefined;
    /** A struct in front of the nested attributes. */
    readonly struct?: NetlinkStruct;
    /** Reads a value that is not a number in host byte order. */
    readonly read?: (value: Uint8Array) => string | number;
  };
}

/** The names of a netlink family. */
export interface FamilyNames {
  /** The name of a message type, for example "RTM_NEWLINK". */
  message(type: number): string | undefined;
  /**
   * The fixed struct of a message and the attributes behind it.
   *
   * @param family The first byte of the struct, an AF_*.
   */
  body(
    type: number,
    family: number,
  ):
    | { readonly struct: NetlinkStruct; readonly names: AttributeNames }
    | undefined;
}

/**
 * The attribute at an offset of a request, with those it is nested in:
 * "IFLA_LINKINFO > IFLA_INFO_KIND". Unknown ones appear as numbers.
 *
 * @param offset From the start of the message's header, as the kernel counts.
 */
export function attributePath(
  family: FamilyNames | undefined,
  type: number,
  body: Uint8Array,
  offset: number,
): string | undefined {
  const described = family?.body(type, body[0]!);
  if (described === undefined) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const target = offset - NLMSG_HDRLEN;
  const path: string[] = [];
  let names: AttributeNames | undefined = described.names;
  let start = NLA_ALIGN(described.struct.size);
  let end = body.length;
  for (;;) {
    const level = netlinkAttributes(view, start, end);
    const hit = level.find((one) => target >= one.start && target < one.end);
    if (hit === undefined) break;
    const known: AttributeNames[number] | undefined = names?.[hit.type];
    path.push(known?.name ?? String(hit.type));
    if (target === hit.start) break;
    names = known?.inside?.((sibling) => {
      const beside = level.find((one) => one.type === sibling);
      return beside &&
        netlinkString(body.subarray(beside.value, beside.end));
    });
    start = hit.value + (known?.struct?.size ?? 0);
    end = hit.end;
  }
  return path.length === 0 ? undefined : path.join(" > ");
}

/**
 * The name of an attribute that is missing from a request.
 *
 * @param nest Offset of the attribute it should be in, if not the top level.
 */
export function missingName(
  family: FamilyNames | undefined,
  type: number,
  body: Uint8Array,
  missing: number,
  nest: number | undefined,
): string {
  if (nest === undefined) {
    return family?.body(type, body[0]!)?.names[missing]?.name ??
      `attribute ${missing}`;
  }
  const outer = attributePath(family, type, body, nest);
  return `attribute ${missing} in ${outer ?? `the one at ${nest}`}`;
}
