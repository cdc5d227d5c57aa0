// `ip nexthop`. Source: ip-nexthop(8).

import * as nh from "../../ffi/uapi/linux_nexthop.ts";
import {
  RTM_GETNEXTHOP,
  RTM_NEWNEXTHOP,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { ipNexthop } from "../../lib/iproute2/nexthop.ts";
import { AttributeWriter } from "../../lib/netlink/attribute_writer.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import type { Verb } from "../../lib/rtnetlink/changes/change.ts";
import { familyNumber } from "../../lib/rtnetlink/family.ts";
import {
  decodeNexthop,
  deleteNexthop,
  type Nexthop,
  NEXTHOP_OBJECT,
  type NexthopObjectSpec,
} from "../../lib/rtnetlink/nexthop.ts";
import type { Json } from "../show/shown.ts";
import { nexthopText } from "../show/text/route.ts";
import { HelpRequest, readFilters } from "./filter.ts";
import type { IpObject } from "./object.ts";
import { familyNamed } from "./options.ts";
import { readAddress } from "./prefix.ts";
import { bucket } from "./nexthop_bucket.ts";
import { failureOf, say, type Session } from "./session.ts";
import {
  type Grammar,
  IpExit,
  number32,
  readAll,
  usageError,
  type Words,
} from "./words.ts";

const { family: _family, ...options } = NEXTHOP_OBJECT.options;

function garbage(words: Words): never {
  throw usageError(
    `Error: argument ${JSON.stringify(words.next)} is wrong. ` +
      'Try "ip nexthop help"',
  );
}

function grammar(session: Session): Grammar {
  return {
    options,
    abbreviated: ["protocol"],
    special: {
      via(words, values) {
        const family = familyNamed(words.next);
        if (family !== undefined) words.take();
        values.via = readAddress(
          words.value("via"),
          family ?? session.family,
        );
        session.family ??= String(values.via).includes(":") ? "inet6" : "inet";
      },
      dev(words, values) {
        values.dev = words.value("dev");
        session.family ??= "inet";
      },
      blackhole(_, values) {
        values.blackhole = true;
        session.family ??= "inet";
      },
    },
    other: garbage,
  };
}

const modify = (verb: Verb) => async (session: Session, words: Words) => {
  const values = readAll(words, grammar(session));
  if (typeof values.dev === "string") {
    values.dev = await session.index(values.dev, IpExit.usage);
  }
  const { family } = session.options;
  const spec = {
    ...values,
    ...(family === "inet" || family === "inet6" ? { family } : {}),
  } as NexthopObjectSpec;
  await session.apply(NEXTHOP_OBJECT.change(verb, spec));
};

/** Which nexthop objects are shown. */
interface Filter {
  id?: number;
  dev?: number;
  master?: number;
  groups?: boolean;
  fdb?: boolean;
  protocol?: number;
}

async function readFilter(session: Session, words: Words): Promise<Filter> {
  const filter: Filter = {};
  await readFilters(words, "nexthop", {
    async "dev*"() {
      filter.dev = await session.index(words.value("dev"), IpExit.usage);
    },
    "groups*": () => filter.groups = true,
    async "master*"() {
      filter.master = await session.index(words.value("master"), IpExit.usage);
    },
    async "vrf*"() {
      filter.master = await session.vrf(words.value("vrf"));
    },
    id: () => filter.id = number32("id", words.value("id")),
    "protocol*": () =>
      filter.protocol = number32("protocol", words.value("protocol")),
    "fdb*": () => filter.fdb = true,
  }, (word) => {
    throw usageError(`Error: argument ${JSON.stringify(word)} is wrong`);
  });
  return filter;
}

/** One nexthop object by its id. */
async function byId(session: Session, id: number): Promise<Nexthop[]> {
  const body = new AttributeWriter()
    .raw(
      nh.nhmsg.build({ nh_family: familyNumber(session.family ?? "unspec") }),
    )
    .u32(nh.NHA_ID, id);
  const { objects } = await session.socket.request(
    { type: RTM_GETNEXTHOP, body: body.finish(), tried: `find nexthop ${id}` },
    (message) =>
      message.type === RTM_NEWNEXTHOP ? decodeNexthop(message) : undefined,
    { signal: session.signal },
  );
  return objects;
}

async function select(session: Session, filter: Filter): Promise<Nexthop[]> {
  if (filter.id !== undefined) return await byId(session, filter.id);
  const all = await session.socket.nexthops({
    signal: session.signal,
    family: session.family,
    ifindex: filter.dev,
    master: filter.master,
    groups: filter.groups,
    fdb: filter.fdb,
  });
  const { protocol } = filter;
  return protocol === undefined
    ? all
    : all.filter((one) => one.protocol === protocol);
}

async function print(
  session: Session,
  nexthops: readonly Nexthop[],
): Promise<void> {
  const names = await session.names();
  const { details } = session.options;
  await session.print(
    nexthops.map((one): Json => ipNexthop(one, { names, details }) as Json),
    (json) => [nexthopText(json) + (json.fdb === undefined ? " " : "")],
  );
}

async function show(session: Session, words: Words): Promise<void> {
  const filter = await readFilter(session, words);
  await print(session, await select(session, filter));
}

async function get(session: Session, words: Words): Promise<void> {
  let wanted = 0;
  while (!words.done) {
    if (!words.skip("id")) throw new HelpRequest("nexthop");
    wanted = number32("id", words.value("id"));
  }
  if (wanted === 0) throw new HelpRequest("nexthop");
  await print(session, await byId(session, wanted));
}

async function flush(session: Session, words: Words): Promise<void> {
  const all = words.done;
  const filter = await readFilter(session, words);
  if (filter.id !== undefined) {
    return await session.apply(deleteNexthop(filter.id));
  }
  let count = 0;
  // Groups first: a group goes with its last member.
  for (const groups of all ? [true, undefined] : [filter.groups]) {
    for (const { id } of await select(session, { ...filter, groups })) {
      try {
        await session.apply(deleteNexthop(id));
        count++;
      } catch (error) {
        if (!(error instanceof NetlinkError)) throw error;
        say(failureOf(error).message);
      }
    }
  }
  session.output.line(
    count === 0 ? "Nothing to flush" : `Flushed ${count} nexthops`,
  );
}

export const nexthop: IpObject = {
  words: "ip nexthop { add | replace | delete | show | get | flush | bucket }",
  grammar,
  commands: [
    ["add", modify("add")],
    ["replace", modify("replace")],
    ["delete", modify("delete")],
    ["list", show],
    ["show", show],
    ["lst", show],
    ["get", get],
    ["flush", flush],
    ["bucket", bucket],
  ],
  otherwise: show,
};
