// Filters routes of a dump: older kernels do not filter. The header of a
// message decides for nearly all routes, so that the others are not decoded.

import {
  RT_TABLE_COMPAT,
  RTA_OIF,
  RTA_TABLE,
  RTM_F_CLONED,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  rtmsg,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import type { MessageReader } from "../netlink/message.ts";
import { familyNumber } from "./family.ts";
import { decodeRoute, type Route } from "./route.ts";
import type { RouteFilter } from "./filter.ts";

// Local constants, used for every message: V8 inlines them; an imported binding
// costs a load and a check.
const NEW_ROUTE = RTM_NEWROUTE;
const SIZE = rtmsg.size;
const CLONED = RTM_F_CLONED;
const COMPAT = RT_TABLE_COMPAT;

export class RouteSelection {
  readonly #family: number;
  readonly #cloned: number;
  readonly #table: number | undefined;
  readonly #protocol: number | undefined;
  readonly #type: number | undefined;
  readonly #ifindex: number | undefined;

  constructor(filter: RouteFilter) {
    this.#family = familyNumber(filter.family ?? "unspec");
    this.#cloned = filter.cached ? RTM_F_CLONED : 0;
    this.#table = filter.table;
    this.#protocol = filter.protocol;
    this.#type = filter.type;
    this.#ifindex = filter.ifindex;
  }

  /** The dump request. */
  request(): NetlinkRequest {
    const body = new AttributeWriter().raw(rtmsg.build({
      rtm_family: this.#family,
      rtm_protocol: this.#protocol ?? 0,
      rtm_type: this.#type ?? 0,
      rtm_flags: this.#cloned,
    }));
    if (this.#table !== undefined) body.u32(RTA_TABLE, this.#table);
    if (this.#ifindex !== undefined) body.u32(RTA_OIF, this.#ifindex);
    return { type: RTM_GETROUTE, body: body.finish(), tried: "show routes" };
  }

  /** The route in a message, if the filter matches. */
  decode(message: MessageReader): Route | undefined {
    if (!this.#mayBe(message)) return undefined;
    const route = decodeRoute(message);
    return route !== undefined && this.#is(route) ? route : undefined;
  }

  /** Whether the filter matches a message. */
  accepts(message: MessageReader): boolean {
    if (!this.#mayBe(message)) return false;
    const { words, payload } = message;
    const decided = this.#ifindex === undefined &&
      (this.#table === undefined ||
        (words[(payload >> 2) + 1]! & 0xff) !== RT_TABLE_COMPAT);
    return decided || this.decode(message) !== undefined;
  }

  /** Whether the filter matches the header. */
  #mayBe(message: MessageReader): boolean {
    if (message.type !== NEW_ROUTE || !message.holds(SIZE)) {
      return false;
    }
    const { words, payload } = message;
    const word = payload >> 2;
    const rest = words[word + 1]!;
    const table = rest & 0xff;
    return (words[word + 2]! & CLONED) === this.#cloned &&
      (this.#family === 0 || (words[word]! & 0xff) === this.#family) &&
      // A table above 255 is in an attribute.
      (this.#table === undefined || table === this.#table ||
        table === COMPAT) &&
      (this.#protocol === undefined || (rest >> 8 & 0xff) === this.#protocol) &&
      (this.#type === undefined || rest >>> 24 === this.#type);
  }

  /** Whether the filter matches the attributes. */
  #is(route: Route): boolean {
    const ifindex = this.#ifindex;
    return (this.#table === undefined || route.table === this.#table) &&
      (ifindex === undefined || route.ifindex === ifindex ||
        (route.nexthops?.some((hop) => hop.ifindex === ifindex) ?? false));
  }
}
