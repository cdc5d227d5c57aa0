// Decodes NLMSG_ERROR and NLMSG_DONE: errno and extended acknowledgement.

import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_ALIGN,
  NLMSG_DONE,
  NLMSG_HDRLEN,
  NLMSGERR_ATTR_MISS_NEST,
  NLMSGERR_ATTR_MISS_TYPE,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from "../../ffi/uapi/linux_netlink.ts";
import type { ExtendedAck } from "./errors.ts";
import type { MessageReader } from "./message.ts";
import {
  attributePath,
  type FamilyNames,
  missingName,
} from "./attribute_names.ts";

/** The errno of an NLMSG_ERROR or NLMSG_DONE, 0 for success. */
export function errorNumber(message: MessageReader): number {
  // Old kernels send an empty NLMSG_DONE.
  if (message.end - message.payload < 4) return 0;
  return -message.words[message.payload >> 2]! | 0;
}

/**
 * The offset of the attributes in a reply, after the request that it repeats.
 */
function headerSize(message: MessageReader): number {
  if (message.type === NLMSG_DONE) return 4;
  if (message.flags & NLM_F_CAPPED) return 4 + NLMSG_HDRLEN;
  const at = message.payload + 4;
  const repeated = at + NLMSG_HDRLEN <= message.end
    ? message.words[at >> 2]!
    : NLMSG_HDRLEN;
  return 4 + NLMSG_ALIGN(Math.max(NLMSG_HDRLEN, repeated));
}

/** Decodes the extended acknowledgement in the reply to a request. */
export function extendedAck(
  message: MessageReader,
  request: { readonly type: number; readonly body: Uint8Array },
  names?: FamilyNames,
): ExtendedAck | undefined {
  if (!(message.flags & NLM_F_ACK_TLVS)) return undefined;
  let text: string | undefined;
  let offset: number | undefined;
  let missing: number | undefined;
  let nest: number | undefined;
  const attributes = message.attributes(headerSize(message));
  while (attributes.next()) {
    switch (attributes.type) {
      case NLMSGERR_ATTR_MSG:
        text = attributes.string();
        break;
      case NLMSGERR_ATTR_OFFS:
        offset = attributes.u32();
        break;
      case NLMSGERR_ATTR_MISS_TYPE:
        missing = attributes.u32();
        break;
      case NLMSGERR_ATTR_MISS_NEST:
        nest = attributes.u32();
        break;
    }
  }
  if (text === undefined && offset === undefined && missing === undefined) {
    return undefined;
  }
  const { type, body } = request;
  const attribute = offset === undefined
    ? undefined
    : attributePath(names, type, body, offset);
  return {
    ...(text === undefined ? {} : { message: text }),
    ...(offset === undefined ? {} : { offset }),
    ...(attribute === undefined ? {} : { attribute }),
    ...(missing === undefined
      ? {}
      : { missing: missingName(names, type, body, missing, nest) }),
  };
}
