// Names for what a family's messages hold. lib/netlink knows no family: whoever
// opens a connection may say what its numbers are called, for errors to tell.

import {
  NLA_ALIGN,
  NLA_HDRLEN,
  NLA_TYPE_MASK,
  NLMSG_HDRLEN,
} from "../../ffi/layout/linux_netlink.ts";

/** The names of the attributes of one level. */
export interface AttributeNames {
  /** What an attribute is called, by its number. */
  readonly [type: number]: {
    readonly name: string;
    /** What is inside it; `siblings` reads a string beside it. */
    readonly inside?: (
      siblings: (type: number) => string | undefined,
    ) => AttributeNames | undefined;
  };
}

/** The names of a netlink family. */
export interface Vocabulary {
  /** The name of a message type, for example "RTM_NEWLINK". */
  message(type: number): string | undefined;
  /** The size of a message's fixed struct and the attributes behind it. */
  body(
    type: number,
  ): { readonly header: number; readonly names: AttributeNames } | undefined;
}

const decoder = new TextDecoder();

/** One attribute found in a request: where it is and where its value ends. */
interface Found {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

function attributesIn(view: DataView, start: number, end: number): Found[] {
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
 * "IFLA_LINKINFO > IFLA_INFO_KIND". Numbers stand where no name is known.
 *
 * @param offset From the start of the message's header, as the kernel counts.
 */
export function attributePath(
  vocabulary: Vocabulary | undefined,
  type: number,
  body: Uint8Array,
  offset: number,
): string | undefined {
  const described = vocabulary?.body(type);
  if (described === undefined) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const target = offset - NLMSG_HDRLEN;
  const path: string[] = [];
  let names: AttributeNames | undefined = described.names;
  let start = NLA_ALIGN(described.header);
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
        decoder.decode(body.subarray(beside.start + NLA_HDRLEN, beside.end))
          .replace(/\0.*$/s, "");
    });
    start = hit.start + NLA_HDRLEN;
    end = hit.end;
  }
  return path.length === 0 ? undefined : path.join(" > ");
}

/**
 * The name of an attribute that a request lacks.
 *
 * @param nest Offset of the attribute it should be in, if not the top level.
 */
export function missingName(
  vocabulary: Vocabulary | undefined,
  type: number,
  body: Uint8Array,
  missing: number,
  nest: number | undefined,
): string {
  if (nest === undefined) {
    return vocabulary?.body(type)?.names[missing]?.name ??
      `attribute ${missing}`;
  }
  const outer = attributePath(vocabulary, type, body, nest);
  return `attribute ${missing} in ${outer ?? `the one at ${nest}`}`;
}
