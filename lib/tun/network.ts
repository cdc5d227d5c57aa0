// The addresses and routes of a device, through rtnetlink.

import { EEXIST } from "../../ffi/errno.ts";
import {
  IFA_ADDRESS,
  IFA_LOCAL,
  ifaddrmsg,
} from "../../ffi/layout/linux_if_addr.ts";
import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../ffi/layout/linux_netlink.ts";
import {
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTA_DST,
  RTA_OIF,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  rtmsg,
  RTN_UNICAST,
  RTPROT_BOOT,
} from "../../ffi/layout/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/layout/sys_socket.ts";
import { formatAddress } from "../address.ts";
import { type Cidr, parseCidr, parseNetwork } from "../cidr.ts";
import { ArgumentError } from "../errors.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import { NetlinkError } from "../netlink/errors.ts";
import type { WaitOptions } from "../poller.ts";
import type { RouteSocket } from "../route/socket.ts";

/** An interface as rtnetlink knows it, and a socket where it is. */
export interface Interface {
  readonly name: string;
  readonly index: number;
  readonly socket: RouteSocket;
}

function familyOf({ address }: Cidr): number {
  return address.length === 4 ? AF_INET : AF_INET6;
}

/** Gives the interface an address; nothing happens if it has it already. */
export async function addAddress(
  { name, index, socket }: Interface,
  address: string,
  peer: string | undefined,
  options: WaitOptions,
): Promise<void> {
  const local = parseCidr(address);
  // Where there is a peer, the prefix is that of what lies behind it.
  const remote = peer === undefined ? local : parseCidr(peer, "peer");
  if (familyOf(remote) !== familyOf(local)) {
    throw new ArgumentError(
      "peer",
      peer,
      `of the same IP version as ${address}`,
    );
  }
  const body = new AttributeWriter()
    .raw(ifaddrmsg.build({
      ifa_family: familyOf(local),
      ifa_prefixlen: remote.prefix,
      ifa_index: index,
    }))
    .bytes(IFA_LOCAL, local.address)
    .bytes(IFA_ADDRESS, remote.address);
  await socket.request(
    {
      type: RTM_NEWADDR,
      flags: NLM_F_CREATE | NLM_F_REPLACE,
      body: body.finish(),
      tried: `add address ${address} to ${name}`,
    },
    undefined,
    options,
  );
}

/** Routes a destination into the interface; it may be so already. */
export async function addRoute(
  { name, index, socket }: Interface,
  to: string,
  options: WaitOptions,
): Promise<void> {
  const destination = parseNetwork(to, "to");
  const { address, prefix } = destination;
  const family = familyOf(destination);
  const body = new AttributeWriter()
    .raw(rtmsg.build({
      rtm_family: family,
      rtm_dst_len: prefix,
      rtm_table: RT_TABLE_MAIN,
      rtm_protocol: RTPROT_BOOT,
      rtm_scope: family === AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
      rtm_type: RTN_UNICAST,
    }))
    .bytes(RTA_DST, address)
    .u32(RTA_OIF, index);
  const request = {
    type: RTM_NEWROUTE,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: body.finish(),
    tried: `route ${to} into ${name}`,
  };
  try {
    await socket.request(request, undefined, options);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.errno !== EEXIST) throw error;
    const mine = await socket.routes({
      ...options,
      family: family === AF_INET ? "inet" : "inet6",
      ifindex: index,
      table: RT_TABLE_MAIN,
    });
    const text = prefix === 0 ? undefined : formatAddress(address);
    if (
      !mine.some((route) =>
        route.destination === text && route.prefixLength === prefix
      )
    ) throw error;
  }
}
