// Buckets of resilient nexthop groups: RTM_NEWNEXTHOPBUCKET. Source:
// ip-nexthop(8), linux/nexthop.h.

import * as nh from "../../ffi/uapi/linux_nexthop.ts";
import { RTM_GETNEXTHOPBUCKET } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";

/** A bucket of a resilient nexthop group. */
export interface NexthopBucket {
  /** The id of the group. */
  id: number;
  /** RTNH_F_* flags. */
  flags: number;
  /** The index of the bucket. */
  index?: number;
  /** USER_HZ since the last use. */
  idleTime?: number;
  /** The id of the nexthop object that it uses. */
  nexthopId?: number;
}

/** Which buckets to return. */
export interface NexthopBucketFilter {
  /** Only those of this group. */
  readonly id?: number | undefined;
  /** Only those that use this nexthop object. */
  readonly nexthopId?: number | undefined;
  /** Only those that use this link, by ifindex. */
  readonly ifindex?: number | undefined;
  /** Only those that use ports of this master, by ifindex. */
  readonly master?: number | undefined;
  /** Only this bucket; the request is no dump then. */
  readonly index?: number | undefined;
}

/** The request for buckets. */
export function bucketRequest(
  { id, nexthopId, ifindex, master, index }: NexthopBucketFilter,
): NetlinkRequest {
  const body = new AttributeWriter().raw(nh.nhmsg.build({}));
  if (id !== undefined) body.u32(nh.NHA_ID, id);
  if (ifindex !== undefined) body.u32(nh.NHA_OIF, ifindex);
  if (master !== undefined) body.u32(nh.NHA_MASTER, master);
  if ((nexthopId ?? index) !== undefined) {
    body.nest(nh.NHA_RES_BUCKET, () => {
      if (nexthopId !== undefined) body.u32(nh.NHA_RES_BUCKET_NH_ID, nexthopId);
      if (index !== undefined) body.u16(nh.NHA_RES_BUCKET_INDEX, index);
    }, true);
  }
  return {
    type: RTM_GETNEXTHOPBUCKET,
    body: body.finish(),
    tried: "show nexthop buckets",
  };
}

/** Decodes a bucket; undefined if the message is truncated. */
export function decodeNexthopBucket(
  message: MessageReader,
): NexthopBucket | undefined {
  if (!message.holds(nh.nhmsg.size)) return undefined;
  const { nh_flags } = nh.nhmsg.get(message.view, message.payload);
  const bucket: NexthopBucket = { id: 0, flags: nh_flags };
  const attributes = message.attributes(nh.nhmsg.size);
  while (attributes.next()) {
    if (attributes.type === nh.NHA_ID) bucket.id = attributes.u32();
    if (attributes.type !== nh.NHA_RES_BUCKET) continue;
    const inner = attributes.enter();
    while (inner.next()) {
      switch (inner.type) {
        case nh.NHA_RES_BUCKET_INDEX:
          bucket.index = inner.u16();
          break;
        case nh.NHA_RES_BUCKET_IDLE_TIME:
          bucket.idleTime = inner.u64();
          break;
        case nh.NHA_RES_BUCKET_NH_ID:
          bucket.nexthopId = inner.u32();
      }
    }
  }
  return bucket;
}
