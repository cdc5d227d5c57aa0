// What the kernel answers to a request it refuses, and to one it warns about.

import {
  EPERM,
  errorFields,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";

/** What the kernel says beside an error number (extended acknowledgement). */
export interface ExtendedAck {
  /** The kernel's own sentence. Source: NLMSGERR_ATTR_MSG, linux/netlink.h. */
  readonly message?: string;
  /** Where in the request the attribute at fault is, in bytes. */
  readonly offset?: number;
  /** The attribute at fault, for example "IFLA_LINKINFO > IFLA_INFO_KIND". */
  readonly attribute?: string;
  /** The attribute that should have been there. */
  readonly missing?: string;
}

/** A request as an error tells of it. */
export interface RequestDescription {
  /** nlmsg_type. */
  readonly type: number;
  /** Its name where it is known, for example "RTM_NEWLINK". */
  readonly name: string;
  /** nlmsg_flags. */
  readonly flags: number;
  /** nlmsg_seq. */
  readonly sequence: number;
}

/**
 * A netlink request that the kernel refused.
 *
 * Source: netlink(7), linux/netlink.h (struct nlmsgerr and its attributes).
 *
 * @example
 * ```ts
 * import { NetlinkError, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * try {
 *   await route.link("no-such-link");
 * } catch (error) {
 *   if (error instanceof NetlinkError) console.log(error.code); // ENODEV
 * }
 * ```
 */
export class NetlinkError extends SystemError {
  /** Its class, for programs that compare names. */
  override readonly name: string = "NetlinkError";

  /**
   * Made by a connection for the kernel's answer.
   *
   * @param request The request that was refused.
   * @param errno The error number of the answer.
   * @param ack What the kernel said beside it.
   * @param context What was tried, and what to do about it.
   */
  constructor(
    readonly request: RequestDescription,
    errno: number,
    readonly ack: ExtendedAck = {},
    context: SystemErrorContext = {},
  ) {
    super(request.name, errno, {
      // Who lacks the capability is told no more; other words are about the
      // request, or about what it would change.
      ...(errno === EPERM && ack.message === undefined
        ? {
          capability: "CAP_NET_ADMIN",
          advice: "Run as root or grant CAP_NET_ADMIN",
        }
        : {}),
      ...context,
      detail: describe(ack),
    });
  }
}

/** The same refusal, with what to do about it where there is more to say. */
export function advised(
  error: NetlinkError,
  advice: string | undefined,
): NetlinkError {
  if (advice === undefined) return error;
  const { request, errno, ack, tried } = error;
  return new NetlinkError(request, errno, ack, { tried, advice });
}

function describe(ack: ExtendedAck): string | undefined {
  const parts: string[] = [];
  if (ack.message !== undefined) parts.push(`the kernel says: ${ack.message}`);
  if (ack.attribute !== undefined) parts.push(`attribute ${ack.attribute}`);
  if (ack.missing !== undefined) parts.push(`missing ${ack.missing}`);
  return parts.length === 0 ? undefined : parts.join(", ");
}

/**
 * A dump that changes in the kernel interrupted again and again. What was read
 * the last time is there, but objects may be missing from it or in it twice.
 *
 * Source: NLM_F_DUMP_INTR in linux/netlink.h.
 *
 * @example
 * ```ts
 * import { DumpInterruptedError, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * try {
 *   console.log((await route.links()).length > 0); // true
 * } catch (error) {
 *   if (error instanceof DumpInterruptedError) console.log(error.partial.length);
 * }
 * ```
 */
export class DumpInterruptedError extends Error {
  /** Its class, for programs that compare names. */
  override readonly name = "DumpInterruptedError";
  /** A stable word for programs, the errno name of the same meaning. */
  readonly code = "EINTR";

  /**
   * Made by a connection that gave up.
   *
   * @param request The dump's request.
   * @param attempts How many times it was tried.
   * @param partial What the last attempt gave.
   */
  constructor(
    readonly request: RequestDescription,
    readonly attempts: number,
    readonly partial: readonly unknown[],
    options?: ErrorOptions,
  ) {
    super(
      `${request.name}: changes interrupted the dump ` +
        `${attempts} ${attempts === 1 ? "time" : "times"}`,
      options,
    );
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    return errorFields(this);
  }
}
