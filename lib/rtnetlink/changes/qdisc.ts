// Changes of queueing disciplines and of the classes of htb. Source: tc(8).

import { TC_H_INGRESS, TC_H_ROOT } from "../../../ffi/uapi/linux_pkt_sched.ts";
import {
  RTM_DELQDISC,
  RTM_DELTCLASS,
  RTM_NEWQDISC,
  RTM_NEWTCLASS,
  TCA_KIND,
  tcmsg,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { QdiscKind } from "../qdiscs/kind.ts";
import { QDISC_KINDS, qdiscKindNamed } from "../qdiscs/list.ts";
import type { OptionValues } from "../spec/attribute.ts";
import { readOptions } from "../spec/table.ts";
import { type Change, checked, FLAGS_OF } from "./change.ts";

/** Where a queueing discipline is. */
export interface QdiscPlace {
  /** The link. */
  readonly dev: string | number;
  /**
   * The class that it is attached to, "1:10"; default "root", for ingress and
   * clsact their own hook.
   */
  readonly parent?: string | undefined;
  /** Its id: "1:"; chosen by the kernel by default. */
  readonly handle?: string | undefined;
}

/** A queueing discipline. Source: tc(8). */
export interface QdiscSpec extends QdiscPlace {
  /** The kind: "netem", "tbf", "htb" ... */
  readonly kind: string;
  /** Options of the kind, as in tc: `{ delay: "50ms", loss: "1%" }`. */
  readonly options?: OptionValues | undefined;
}

/** A class of a queueing discipline. Source: tc-htb(8). */
export interface ClassSpec {
  /** The link. */
  readonly dev: string | number;
  /** Its id: "1:10". */
  readonly classid: string;
  /** The class or queueing discipline that it is in; default: the latter. */
  readonly parent?: string | undefined;
  /** Options, as in tc: `{ rate: "1mbit", ceil: "2mbit" }`. */
  readonly options?: OptionValues | undefined;
}

/** The major number of the ids of ingress and clsact. */
const INGRESS_HANDLE = 0xffff_0000;

/** Parses "1:10", "1:" or ":10": hexadecimal numbers. */
function idOf(argument: string, given: string): number {
  const [, major, minor] = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i.exec(given) ??
    [];
  if (major === undefined || major + minor! === "") {
    throw new ArgumentError(argument, given, "an id such as 1: or 1:10");
  }
  return parseInt(major || "0", 16) * 0x1_0000 + parseInt(minor || "0", 16);
}

function parentOf(given: string | undefined, kind?: QdiscKind): number {
  if (given === "ingress" || given === undefined && kind?.isIngress) {
    return TC_H_INGRESS;
  }
  return given === undefined || given === "root"
    ? TC_H_ROOT
    : idOf("qdisc parent", given);
}

function handleOf(given: string | undefined, kind?: QdiscKind): number {
  if (given !== undefined) return idOf("qdisc handle", given);
  return kind?.isIngress ? INGRESS_HANDLE : 0;
}

/** The kind that can be added. */
function kindOf(name: string): QdiscKind {
  const kind = qdiscKindNamed(name);
  if (kind?.options !== undefined) return kind;
  const names = QDISC_KINDS.filter(({ options }) => options !== undefined)
    .map(({ name }) => name);
  throw new ArgumentError("qdisc kind", name, `one of ${names.join(", ")}`);
}

/**
 * Builds a change that adds a queueing discipline; fails with EEXIST if there is
 * one.
 *
 * Source: tc(8), rtnetlink(7).
 *
 * @param spec The queueing discipline.
 * @throws {ArgumentError} For an unknown kind or an invalid option.
 *
 * @example
 * ```ts
 * import { addQdisc } from "@netplumb/netplumb";
 *
 * const options = { delay: "50ms", loss: "1%" };
 * addQdisc({ dev: "eth0", kind: "netem", options });
 * ```
 */
export function addQdisc(spec: QdiscSpec): Change {
  return changeQdisc("add", spec);
}

/**
 * Builds a change that adds a queueing discipline, or replaces the one there.
 *
 * Source: tc(8), rtnetlink(7).
 *
 * @param spec The queueing discipline.
 * @throws {ArgumentError} For an unknown kind or an invalid option.
 *
 * @example
 * ```ts
 * import { replaceQdisc } from "@netplumb/netplumb";
 *
 * const options = { rate: "10mbit", burst: "32kb", latency: "50ms" };
 * replaceQdisc({ dev: "eth0", kind: "tbf", options });
 * ```
 */
export function replaceQdisc(spec: QdiscSpec): Change {
  return changeQdisc("replace", spec);
}

/**
 * Builds a change of the queueing discipline that is there, without making it
 * again: options that are not given get their defaults.
 */
export function resetQdisc(spec: QdiscSpec): Change {
  return changeQdisc("replace", spec, true);
}

function changeQdisc(
  verb: "add" | "replace",
  spec: QdiscSpec,
  isChange = false,
): Change {
  const kind = kindOf(spec.kind);
  const options = readOptions(spec.kind, kind.options!, spec.options ?? {});
  const body = new AttributeWriter().string(TCA_KIND, spec.kind);
  kind.write?.(body, options, isChange);
  return built(`${verb} qdisc ${spec.kind} of ${spec.dev}`, spec.dev, {
    type: RTM_NEWQDISC,
    flags: FLAGS_OF[verb],
    handle: handleOf(spec.handle, kind),
    parent: parentOf(spec.parent, kind),
    body: body.finish(),
  });
}

/**
 * Builds a change that deletes a queueing discipline; the kernel then uses its
 * default.
 *
 * Source: tc(8), rtnetlink(7).
 *
 * @param place Where it is; `parent` is "root" by default, and "ingress" for
 * ingress and clsact.
 * @throws {ArgumentError} For an invalid id.
 *
 * @example
 * ```ts
 * import { deleteQdisc } from "@netplumb/netplumb";
 *
 * deleteQdisc({ dev: "eth0" });
 * ```
 */
export function deleteQdisc(place: QdiscPlace): Change {
  return built(`delete qdisc of ${place.dev}`, place.dev, {
    type: RTM_DELQDISC,
    flags: FLAGS_OF.delete,
    handle: handleOf(place.handle),
    parent: parentOf(place.parent),
    body: new Uint8Array(),
  });
}

/**
 * Builds a change that adds a class of htb; fails with EEXIST if it exists.
 *
 * Source: tc-htb(8), rtnetlink(7).
 *
 * @param spec The class.
 * @throws {ArgumentError} For an invalid option or id.
 *
 * @example
 * ```ts
 * import { addClass } from "@netplumb/netplumb";
 *
 * addClass({ dev: "eth0", classid: "1:10", options: { rate: "1mbit" } });
 * ```
 */
export function addClass(spec: ClassSpec): Change {
  return changeClass("add", spec);
}

/**
 * Builds a change that adds a class of htb, or changes the one there.
 *
 * Source: tc-htb(8), rtnetlink(7).
 *
 * @param spec The class.
 * @throws {ArgumentError} For an invalid option or id.
 *
 * @example
 * ```ts
 * import { replaceClass } from "@netplumb/netplumb";
 *
 * const options = { rate: "1mbit", ceil: "2mbit", prio: 1 };
 * replaceClass({ dev: "eth0", classid: "1:10", options });
 * ```
 */
export function replaceClass(spec: ClassSpec): Change {
  return changeClass("replace", spec);
}

function changeClass(verb: "add" | "replace", spec: ClassSpec): Change {
  const kind = qdiscKindNamed("htb")!;
  const { classOptions, writeClass } = kind;
  const options = readOptions("class", classOptions!, spec.options ?? {});
  const body = new AttributeWriter().string(TCA_KIND, kind.name);
  writeClass!(body, options);
  const id = idOf("class id", spec.classid);
  return built(`${verb} class ${spec.classid} of ${spec.dev}`, spec.dev, {
    type: RTM_NEWTCLASS,
    flags: FLAGS_OF[verb],
    handle: id,
    parent: spec.parent === undefined
      ? (id & 0xffff_0000) >>> 0
      : parentOf(spec.parent),
    body: body.finish(),
  });
}

/**
 * Builds a change that deletes a class.
 *
 * Source: tc(8), rtnetlink(7).
 *
 * @param of The link and the id of the class.
 * @throws {ArgumentError} For an invalid id.
 *
 * @example
 * ```ts
 * import { deleteClass } from "@netplumb/netplumb";
 *
 * deleteClass({ dev: "eth0", classid: "1:10" });
 * ```
 */
export function deleteClass(of: Pick<ClassSpec, "dev" | "classid">): Change {
  return built(`delete class ${of.classid} of ${of.dev}`, of.dev, {
    type: RTM_DELTCLASS,
    flags: FLAGS_OF.delete,
    handle: idOf("class id", of.classid),
    parent: 0,
    body: new Uint8Array(),
  });
}

function built(
  what: string,
  dev: string | number,
  request: {
    readonly type: number;
    readonly flags: number;
    readonly handle: number;
    readonly parent: number;
    readonly body: Uint8Array;
  },
): Change {
  const { type, flags, handle, parent, body } = request;
  return checked({
    what,
    requests(names) {
      const header = tcmsg.build({
        tcm_ifindex: names.index(dev),
        tcm_handle: handle,
        tcm_parent: parent,
      });
      return [{
        type,
        flags,
        body: new AttributeWriter().raw(header).raw(body).finish(),
        tried: what,
      }];
    },
  });
}
