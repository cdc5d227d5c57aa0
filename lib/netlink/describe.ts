// Describes a request with C names, for a dry run.

import {
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  NLMSG_HDRLEN,
} from "../../ffi/uapi/linux_netlink.ts";
import type { NetlinkRequest } from "./transaction.ts";
import { netlinkAttributes } from "../socket/netlink_attributes.ts";
import { writeHeader } from "./message.ts";
import type {
  AttributeNames,
  FamilyNames,
  NetlinkStruct,
} from "./attribute_names.ts";

/** An attribute of a message. */
export interface AttributeDescription {
  /** Its C name, or its number if unknown. */
  readonly name: string;
  /**
   * Its value: a number, text or address if it can be decoded, true for one
   * without a value, else its bytes in hexadecimal digits.
   */
  readonly value?: string | number | true;
  /** The fields of the struct before its nested attributes. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Its nested attributes. */
  readonly inside?: readonly AttributeDescription[];
}

/** A message to the kernel. */
export interface MessageDescription {
  /** Its type, for example "RTM_NEWLINK". */
  readonly type: string;
  /** Its flags, for example "NLM_F_CREATE". */
  readonly flags: readonly string[];
  /** The fields of the family's struct. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Its attributes, in order. */
  readonly attributes: readonly AttributeDescription[];
}

const FLAGS: ReadonlyArray<readonly [flag: number, name: string]> = [
  [NLM_F_REQUEST, "NLM_F_REQUEST"],
  [NLM_F_ACK, "NLM_F_ACK"],
  [NLM_F_REPLACE, "NLM_F_REPLACE"],
  [NLM_F_EXCL, "NLM_F_EXCL"],
  [NLM_F_CREATE, "NLM_F_CREATE"],
  [NLM_F_APPEND, "NLM_F_APPEND"],
];

const ALWAYS = NLM_F_REQUEST | NLM_F_ACK;

/** The bytes of a request with sequence number 0. */
export function requestBytes(request: NetlinkRequest): Uint8Array<ArrayBuffer> {
  const length = NLMSG_HDRLEN + request.body.length;
  const bytes = new Uint8Array(length);
  writeHeader(new DataView(bytes.buffer), 0, {
    length,
    type: request.type,
    flags: ALWAYS | (request.flags ?? 0),
    sequence: 0,
  });
  bytes.set(request.body, NLMSG_HDRLEN);
  return bytes;
}

/** Describes a request that adds, changes or deletes an object. */
export function describeRequest(
  request: NetlinkRequest,
  names: FamilyNames,
): MessageDescription {
  const { type, body } = request;
  const flags = ALWAYS | (request.flags ?? 0);
  const known = names.body(type, body[0]!);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return {
    type: names.message(type) ?? String(type),
    flags: FLAGS.filter(([flag]) => flags & flag).map(([, name]) => name),
    fields: known === undefined ? {} : fieldsOf(known.struct, view, 0),
    attributes: known === undefined
      ? []
      : describeLevel(view, known.struct.size, body.length, known.names),
  };
}

function fieldsOf(
  struct: NetlinkStruct,
  view: DataView,
  at: number,
): Record<string, unknown> {
  if (view.byteLength < at + struct.size) return {};
  return Object.fromEntries(
    Object.entries(struct.fields).map((
      [name, field],
    ) => [name, field.get(view, at)]),
  );
}

function describeLevel(
  view: DataView,
  start: number,
  end: number,
  names: AttributeNames,
): AttributeDescription[] {
  const level = netlinkAttributes(view, start, end);
  const bytes = (at: number, to: number) =>
    new Uint8Array(view.buffer, view.byteOffset + at, to - at);
  const text = (type: number) => {
    const found = level.find((one) => one.type === type);
    const read = names[type]?.read;
    const value = found &&
      read?.(bytes(found.value, found.end));
    return typeof value === "string" ? value : undefined;
  };
  return level.map(({ type, value: at, end }) => {
    const known = names[type];
    const name = known?.name ?? String(type);
    const inside = known?.inside?.(text);
    if (known === undefined || inside === undefined) {
      const value = bytes(at, end);
      return { name, value: known?.read?.(value) ?? plainValue(value) };
    }
    const { struct } = known;
    return {
      name,
      ...(struct === undefined ? {} : { fields: fieldsOf(struct, view, at) }),
      inside: describeLevel(view, at + (struct?.size ?? 0), end, inside),
    };
  });
}

/** The value of an unknown attribute, by its length. */
function plainValue(value: Uint8Array): string | number | true {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  switch (value.length) {
    case 0:
      return true;
    case 1:
      return value[0]!;
    case 2:
      return view.getUint16(0, true);
    case 4:
      return view.getUint32(0, true);
    case 8:
      return Number(view.getBigUint64(0, true));
  }
  return value.toHex();
}
