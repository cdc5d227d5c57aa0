// Errors and warnings of the kernel in reply to requests.

import {
  EPERM,
  errorFields,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";

/** The kernel's extended acknowledgement of a request. */
export interface ExtendedAck {
  /** The kernel's message. Source: NLMSGERR_ATTR_MSG, linux/netlink.h. */
  readonly message?: string;
  /** The offset of the rejected attribute in the request, in bytes. */
  readonly offset?: number;
  /** The rejected attribute, for example "IFLA_LINKINFO > IFLA_INFO_KIND". */
  readonly attribute?: string;
  /** The missing attribute. */
  readonly missing?: string;
}

/** The request of an error. */
export interface RequestDescription {
  /** nlmsg_type. */
  readonly type: number;
  /** Its name, for example "RTM_NEWLINK", if known. */
  readonly name: string;
  /** nlmsg_flags. */
  readonly flags: number;
  /** nlmsg_seq. */
  readonly sequence: number;
}

/**
 * A netlink request that the kernel rejected.
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
   * Built by a connection from the kernel's reply.
   *
   * @param request The rejected request.
   * @param errno The errno of the reply.
   * @param ack The extended acknowledgement.
   * @param context The operation and what to do.
   */
  constructor(
    readonly request: RequestDescription,
    errno: number,
    readonly ack: ExtendedAck = {},
    context: SystemErrorContext = {},
  ) {
    super(request.name, errno, {
      // EPERM without a message means that a capability is missing; with a
      // message it is about the request or the object.
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

/** The same error with more specific advice. */
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
 * Changes interrupted every attempt of a dump. The last attempt is available,
 * but objects may be missing or duplicate.
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
  /** The errno name of the same meaning. */
  readonly code = "EINTR";

  /**
   * Built by a connection after the last attempt.
   *
   * @param request The request of the dump.
   * @param attempts The number of attempts.
   * @param partial The result of the last attempt.
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
