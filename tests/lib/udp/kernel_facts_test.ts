// The kernel's behaviour with packet info, tested by plain system calls: the facts
// the reply rule stands on. Where a kernel answers otherwise, this says so.

import { assertEquals } from "@std/assert";
import {
  in6_pktinfo,
  in_pktinfo,
  IP_PKTINFO,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
} from "../../../ffi/uapi/netinet_in.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import {
  BareSocket,
  type Control,
  raw,
  type Received,
  written,
} from "../../support/bare_socket.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

function four(specDst: string, ifindex = 0, addr = "0.0.0.0"): Control {
  const data = in_pktinfo.build({
    ipi_ifindex: ifindex,
    ipi_spec_dst: raw(specDst),
    ipi_addr: raw(addr),
  });
  return { level: IPPROTO_IP, type: IP_PKTINFO, data };
}

function six(addr: string, ifindex = 0): Control {
  const data = in6_pktinfo.build({
    ipi6_addr: raw(addr),
    ipi6_ifindex: ifindex,
  });
  return { level: IPPROTO_IPV6, type: IPV6_PKTINFO, data };
}

const [PRIMARY, ASKED, OTHER] = FOUR;
const MAPPED_PEER = `::ffff:${CLIENT.four}`;

Deno.test("kernel: which control message decides the source of an answer to a mapped peer", async () => {
  await using lab = await UdpLab.open();
  const wire = await lab.index();
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  const cases: [string, Control[], string][] = [
    ["none", [], PRIMARY],
    ["spec_dst", [four(ASKED)], ASKED],
    ["spec_dst and the interface", [four(ASKED, wire)], ASKED],
    ["ipi6_addr", [six(`::ffff:${ASKED}`)], ASKED],
    ["only ipi_addr", [four("0.0.0.0", 0, ASKED)], PRIMARY],
    ["two: the last", [four(ASKED), six(`::ffff:${OTHER}`)], OTHER],
    ["two, turned: the last", [six(`::ffff:${OTHER}`), four(ASKED)], ASKED],
    ["two of a kind: the last", [four(OTHER), four(ASKED)], ASKED],
  ];
  const hearing = await lab.hear(["-n", String(cases.length), "0.0.0.0", "0"]);
  const to = { address: MAPPED_PEER, port: hearing.port };
  for (const [name, controls, source] of cases) {
    assertEquals(socket.send(name, to, ...controls), "sent", name);
    const [seen, ...line] = (await hearing.heard()).split(" ");
    assertEquals(line.slice(6).join(" "), name);
    assertEquals(seen, source, name);
  }
});

Deno.test("kernel: which control messages refuse the answer to a mapped peer", async () => {
  await using lab = await UdpLab.open();
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  const hearing = await lab.hear(["0.0.0.0", "0"]);
  const to = { address: MAPPED_PEER, port: hearing.port };
  const cases: [string, Control, string][] = [
    ["ipi6_addr ::", six("::"), "EINVAL"],
    ["a real IPv6 source", six(SIX[0]), "EINVAL"],
    ["a source not here", four("192.0.2.77"), "ENETUNREACH"],
    ["the same, mapped", six("::ffff:192.0.2.77"), "ENETUNREACH"],
    ["the directed broadcast", four("192.0.2.255"), "ENETUNREACH"],
    ["the limited broadcast", four("255.255.255.255"), "EINVAL"],
    ["a multicast source", four("239.1.2.3"), "EINVAL"],
    ["an interface not here", four(ASKED, 4711), "ENODEV"],
  ];
  for (const [name, control, code] of cases) {
    assertEquals(socket.send(name, to, control), code, name);
  }
  // Nothing of all that was sent; this is the first that arrives.
  assertEquals(socket.send("after all", to), "sent");
  assertEquals((await hearing.heard()).endsWith("after all"), true);
});

Deno.test("kernel: packet info of the wrong family is ignored, and so the source is wrong", async () => {
  await using lab = await UdpLab.open();
  await using plain = new BareSocket(AF_INET, lab.server.name);
  const hearing = await lab.hear(["0.0.0.0", "0"]);
  const to = { address: CLIENT.four, port: hearing.port };
  assertEquals(plain.send("q", to, six(`::ffff:${ASKED}`)), "sent");
  assertEquals((await hearing.heard()).split(" ")[0], PRIMARY);

  await using dual = new BareSocket(AF_INET6, lab.server.name);
  const hearing6 = await lab.hear(["::", "0"]);
  const to6 = { address: CLIENT.six, port: hearing6.port };
  assertEquals(dual.send("q", to6, four(ASKED)), "sent");
  const [source] = (await hearing6.heard()).split(" ");
  assertEquals(SIX.includes(source), true, source);
});

Deno.test("kernel: a link-local peer is found by scope or interface, which must agree", async () => {
  await using lab = await UdpLab.open();
  await lab.lab.veth("server", "other", "client", "other");
  const [scope, other] = [await lab.index(), await lab.index("other")];
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  const hearing = await lab.hear(["-n", "2", "::", "0"]);
  const to = { address: CLIENT.linkLocal, port: hearing.port };
  assertEquals(socket.send("", { ...to, scope: other }, six("::")), "sent");
  assertEquals(socket.send("", to, six("::", other)), "sent");
  assertEquals(socket.send("", { ...to, scope }, six("::", other)), "EINVAL");
  // Only these reach the peer. Without either the kernel takes any link.
  assertEquals(socket.send("scope", { ...to, scope }), "sent");
  assertEquals(socket.send("ifindex", to, six("::", scope)), "sent");
  for (const text of ["scope", "ifindex"]) {
    assertEquals((await hearing.heard()).split(" ").at(-1), text);
  }
});

/** The control messages as "level type address...". */
function reported({ controls }: Received): string[] {
  return controls.map(({ level, type, data }) => {
    if (level === IPPROTO_IP && type === IP_PKTINFO) {
      const [ifindex, dst, addr] = [
        data[0],
        written(data.slice(4, 8)),
        written(data.slice(8, 12)),
      ];
      return `IP_PKTINFO ${ifindex} ${dst} ${addr}`;
    }
    if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      return `IPV6_PKTINFO ${data[16]} ${written(data.slice(0, 16))}`;
    }
    return `${level} ${type} ${data.length} bytes: ${data[0]}`;
  });
}

Deno.test("kernel: the control messages of a dual-stack socket, by its options", async () => {
  await using lab = await UdpLab.open();
  const wire = await lab.index();
  const mapped = `::ffff:${ASKED}`;
  const in4 = `IP_PKTINFO ${wire} ${ASKED} ${ASKED}`;
  const in6 = (address: string) => `IPV6_PKTINFO ${wire} ${address}`;
  const cases = {
    both: { [ASKED]: [in6(mapped), in4], [SIX[1]]: [in6(SIX[1])] },
    in_pktinfo: { [ASKED]: [in4], [SIX[1]]: [] },
    in6_pktinfo: { [ASKED]: [in6(mapped)], [SIX[1]]: [in6(SIX[1])] },
  };
  for (const [options, questions] of Object.entries(cases)) {
    await using socket = new BareSocket(AF_INET6, lab.server.name);
    if (options !== "in6_pktinfo") socket.set(IPPROTO_IP, IP_PKTINFO, 1);
    if (options !== "in_pktinfo") {
      socket.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    const port = String(socket.bind());
    for (const [queried, expected] of Object.entries(questions)) {
      const requesting = lab.ask("-w", "1", queried, port, "q");
      const received = await socket.receive();
      await requesting;
      assertEquals(reported(received), expected, `${options}, ${queried}`);
      const length = expected.length === 2 ? 72 : received.controllen;
      assertEquals(received.controllen, length);
    }
  }
});

Deno.test("kernel: TTL and TOS of a mapped peer come by the IPv4 options alone, TOS in one byte", async () => {
  await using lab = await UdpLab.open();
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  socket.set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  socket.set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  const port = String(socket.bind());
  const hears = async () => {
    const requesting = lab.ask("-w1", "-t", "9", "-q", "40", ASKED, port, "q");
    const received = await socket.receive();
    await requesting;
    return reported(received);
  };
  assertEquals(await hears(), []);
  socket.set(IPPROTO_IP, IP_RECVTTL, 1);
  socket.set(IPPROTO_IP, IP_RECVTOS, 1);
  assertEquals(await hears(), [
    `${IPPROTO_IP} ${IP_TTL} 4 bytes: 9`,
    `${IPPROTO_IP} ${IP_TOS} 1 bytes: 40`,
  ]);
});

Deno.test("kernel: what was queued before the options were set reports interface 0 and no address", async () => {
  await using lab = await UdpLab.open();
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  const port = String(socket.bind());
  // It has been queued when the client ends.
  await lab.ask("-w", "1", ASKED, port, "early");
  socket.set(IPPROTO_IP, IP_PKTINFO, 1);
  await lab.ask("-w", "1", ASKED, port, "late");
  const early = await socket.receive();
  const late = await socket.receive();
  assertEquals([early.text, late.text], ["early", "late"]);
  const wire = await lab.index();
  assertEquals(reported(early), [`IP_PKTINFO 0 0.0.0.0 ${ASKED}`]);
  assertEquals(reported(late), [`IP_PKTINFO ${wire} ${ASKED} ${ASKED}`]);
});
