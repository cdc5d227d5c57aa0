// `ip nexthop bucket`. Source: ip-nexthop(8).

import {
  bucketRequest,
  decodeNexthopBucket,
  type NexthopBucket,
  type NexthopBucketFilter,
} from "../../lib/rtnetlink/nexthop_bucket.ts";
import { routeFlags } from "../../lib/rtnetlink/route_parts.ts";
import { USER_HZ } from "../../lib/rtnetlink/user_hz.ts";
import type { Json } from "../show/shown.ts";
import { isJson, list, others, plain } from "../show/text/format.ts";
import { HelpRequest, readFilters } from "./filter.ts";
import type { Session } from "./session.ts";
import { choose, IpExit, number32, usageError, type Words } from "./words.ts";

function bucketJson(bucket: NexthopBucket): Json {
  const { id, flags, index, idleTime, nexthopId } = bucket;
  return {
    id,
    bucket: {
      ...(index !== undefined && { index }),
      ...(idleTime !== undefined && { idle_time: idleTime / USER_HZ }),
      ...(nexthopId !== undefined && { nhid: nexthopId }),
    },
    flags: routeFlags(flags),
  };
}

async function print(
  session: Session,
  buckets: readonly NexthopBucket[],
): Promise<void> {
  await session.print(buckets.map(bucketJson), ({ id, bucket, flags }) => [
    [
      `id ${plain(id)}`,
      ...isJson(bucket) ? others(bucket, []) : [],
      ...list(flags).map(plain),
      "",
    ].join(" "),
  ]);
}

async function show(session: Session, words: Words): Promise<void> {
  const filter: { -readonly [K in keyof NexthopBucketFilter]: number } = {};
  const link = (word: string) => session.index(words.value(word), IpExit.usage);
  await readFilters(words, "nexthop", {
    "dev*": async () => filter.ifindex = await link("dev"),
    "master*": async () => filter.master = await link("master"),
    async "vrf*"() {
      filter.master = await session.vrf(words.value("vrf"));
    },
    id: () => filter.id = number32("id", words.value("id")),
    nhid: () => filter.nexthopId = number32("nhid", words.value("nhid")),
  }, (word) => {
    throw usageError(`Error: argument ${JSON.stringify(word)} is wrong`);
  });
  const { socket, signal } = session;
  await print(
    session,
    await socket.dump(bucketRequest(filter), decodeNexthopBucket, { signal }),
  );
}

async function get(session: Session, words: Words): Promise<void> {
  let id: number | undefined;
  let index: number | undefined;
  while (!words.done) {
    if (words.skip("id")) id = number32("id", words.value("id"));
    else if (words.skip("index")) {
      index = number32("index", words.value("index"));
      if (index > 0xffff) {
        throw usageError(`Error: ${index} is no index of a bucket`);
      }
    } else throw new HelpRequest("nexthop");
  }
  if (!id || index === undefined) throw new HelpRequest("nexthop");
  const { objects } = await session.socket.request(
    bucketRequest({ id, index }),
    decodeNexthopBucket,
    { signal: session.signal },
  );
  await print(session, objects);
}

/** The commands after `bucket`. */
export async function bucket(session: Session, words: Words): Promise<void> {
  const run = words.done ? show : choose(words.take(), [
    ["list", show],
    ["show", show],
    ["lst", show],
    ["get", get],
  ]);
  if (run === undefined) throw new HelpRequest("nexthop");
  await run(session, words);
}
