// Names of a family's messages and attributes, for errors. lib/netlink knows no
// family: the code that opens a connection passes them.

import {
  NLA_ALIGN,
  NLA_HDRLEN,
  NLA_TYPE_MASK,
  NLMSG_HDRLEN,
} from "../../ffi/uapi/linux_netlink.ts";

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

const decoder = new TextDecoder();

/** The string in a value, up to its NUL. */
export function textOf(value: Uint8Array): string {
  return decoder.decode(value).replace(/\0.*$/s, "");
}

/** An attribute in a request: its offset and the end of its value. */
export interface Found {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** The complete attributes of one level. */
export function attributesIn(
  view: DataView,
  start: number,
  end: number,
): Found[] {
  const found: Found[] = [];
  let at = start;
  while (end - at >= NLA_HDRLEN) {
    const length = view.getUint16(at, true);
    if (length < NLA_HDRLEN || length > end - at) break;
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    found.push({ type, start: at, end: at + length });
    at += NLA_ALIGN(length);
  }
  return found;
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
    const level = attributesIn(view, start, end);
    const hit = level.find((one) => target >= one.start && target < one.end);
    if (hit === undefined) break;
    const known: AttributeNames[number] | undefined = names?.[hit.type];
    path.push(known?.name ?? String(hit.type));
    if (target === hit.start) break;
    names = known?.inside?.((sibling) => {
      const beside = level.find((one) => one.type === sibling);
      return beside &&
        textOf(body.subarray(beside.start + NLA_HDRLEN, beside.end));
    });
    start = hit.start + NLA_HDRLEN + (known?.struct?.size ?? 0);
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
