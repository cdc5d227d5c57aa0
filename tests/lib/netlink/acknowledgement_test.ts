// Extended acknowledgements as the kernel lays them out: capped or with the
// request in front, with an error, a warning, or at the end of a dump.

import { assertEquals } from "@std/assert";
import * as ifla from "../../../ffi/uapi/linux_if_link.ts";
import { IFLA_VXLAN_ID } from "../../../ffi/uapi/linux_if_link_kinds.ts";
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSGERR_ATTR_MISS_NEST,
  NLMSGERR_ATTR_MISS_TYPE,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from "../../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_NEWLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import {
  errorNumber,
  extendedAck,
} from "../../../lib/netlink/acknowledgement.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import type { ExtendedAck } from "../../../lib/netlink/errors.ts";
import { routeNames } from "../../../lib/rtnetlink/attribute_names.ts";
import { type Bytes, message, reader } from "../../support/netlink.ts";

/** ip link add NAME type vxlan id 5, with where what is in it. */
const body = new AttributeWriter()
  .raw(ifinfomsg.build({}))
  .string(ifla.IFLA_IFNAME, "vx0")
  .nest(ifla.IFLA_LINKINFO, (info) =>
    info.text(ifla.IFLA_INFO_KIND, "vxlan")
      .nest(ifla.IFLA_INFO_DATA, (data) => data.u32(IFLA_VXLAN_ID, 5)))
  .finish();
const request = { type: RTM_NEWLINK, body };
const IFNAME = NLMSG_HDRLEN + 16;
const LINKINFO = IFNAME + 8;
const DATA = LINKINFO + 4 + 12;
const ID = DATA + 4;

function answer(
  type: number,
  flags: number,
  error: number,
  repeated: Uint8Array,
  tlvs: AttributeWriter,
): Bytes {
  const writer = new AttributeWriter()
    .raw(new Uint8Array(Int32Array.of(error).buffer)).raw(repeated)
    .raw(tlvs.finish());
  const bytes = message(type, writer.finish());
  new DataView(bytes.buffer).setUint16(6, flags, true);
  return bytes;
}

function read(bytes: Bytes): [number, ExtendedAck | undefined] {
  const one = reader(bytes);
  return [errorNumber(one), extendedAck(one, request, routeNames)];
}

const header = message(RTM_NEWLINK, body).slice(0, NLMSG_HDRLEN);
const all = message(RTM_NEWLINK, body);
const TLVS = NLM_F_ACK_TLVS;

Deno.test("a capped refusal: the sentence and the attribute", () => {
  assertEquals(
    read(answer(
      NLMSG_ERROR,
      TLVS | NLM_F_CAPPED,
      -22,
      header,
      new AttributeWriter().string(NLMSGERR_ATTR_MSG, "no good")
        .u32(NLMSGERR_ATTR_OFFS, ID),
    )),
    [22, {
      message: "no good",
      offset: ID,
      attribute: "IFLA_LINKINFO > IFLA_INFO_DATA > IFLA_VXLAN_ID",
    }],
  );
});

Deno.test("a refusal that repeats the whole request", () => {
  assertEquals(
    read(answer(
      NLMSG_ERROR,
      TLVS,
      -17,
      all,
      new AttributeWriter().u32(NLMSGERR_ATTR_OFFS, IFNAME),
    )),
    [17, { offset: IFNAME, attribute: "IFLA_IFNAME" }],
  );
});

Deno.test("a warning on success, and at the end of a dump", () => {
  const warning = new AttributeWriter().string(NLMSGERR_ATTR_MSG, "mind this");
  const none = new Uint8Array(0);
  for (
    const bytes of [
      answer(NLMSG_ERROR, TLVS | NLM_F_CAPPED, 0, header, warning),
      answer(NLMSG_DONE, TLVS, 0, none, warning),
    ]
  ) assertEquals(read(bytes), [0, { message: "mind this" }]);
});

Deno.test("what is missing, at the top and inside", () => {
  const miss = (type: number, nest?: number) => {
    const tlvs = new AttributeWriter().u32(NLMSGERR_ATTR_MISS_TYPE, type);
    if (nest !== undefined) tlvs.u32(NLMSGERR_ATTR_MISS_NEST, nest);
    return read(
      answer(NLMSG_ERROR, TLVS | NLM_F_CAPPED, -22, header, tlvs),
    )[1]?.missing;
  };
  assertEquals(miss(ifla.IFLA_MTU), "IFLA_MTU");
  assertEquals(miss(4000), "attribute 4000");
  assertEquals(
    miss(7, DATA),
    "attribute 7 in IFLA_LINKINFO > IFLA_INFO_DATA",
  );
});

Deno.test("no flag, no attributes; offsets outside the request name nothing", () => {
  const tlvs = new AttributeWriter().string(NLMSGERR_ATTR_MSG, "unseen");
  assertEquals(
    read(answer(NLMSG_ERROR, NLM_F_CAPPED, -1, header, tlvs)),
    [1, undefined],
  );
  for (const offset of [0, 15, 16, 31, 4000, 0xffffffff]) {
    assertEquals(
      read(answer(
        NLMSG_ERROR,
        TLVS | NLM_F_CAPPED,
        -22,
        header,
        new AttributeWriter().u32(NLMSGERR_ATTR_OFFS, offset),
      )),
      [22, { offset }],
    );
  }
});

Deno.test("answers that are cut off say as much as they can", () => {
  assertEquals(read(message(NLMSG_DONE, new Uint8Array(0))), [0, undefined]);
  assertEquals(
    read(message(NLMSG_ERROR, new Uint8Array(Int32Array.of(-13).buffer))),
    [13, undefined],
  );
  // A repeated request that claims to be longer than the message.
  const long = header.slice();
  new DataView(long.buffer).setUint32(0, 0x7fffffff, true);
  assertEquals(
    read(answer(NLMSG_ERROR, TLVS, -22, long, new AttributeWriter())),
    [22, undefined],
  );
});
