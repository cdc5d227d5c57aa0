// A capture of programs and of the kernel, made here: each line is compared with
// tcpdump's, the JSON with tshark's fields.

import { assert, assertEquals } from "@std/assert";
import { decodePacket, type Packet } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { packetJson } from "../../../lib/packet/json.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import {
  capture,
  readPcap,
  tcpdumpLines,
  tsharkFields,
} from "../../support/capture.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { hex } from "./samples.ts";

const HERE = { 4: "192.0.2.1", 6: "2001:db8::1" };
const THERE = { 4: "192.0.2.2", 6: "2001:db8::2" };

/** Captures what an interface carries while something runs. */
async function captureWhile(
  namespace: Netns,
  folder: string,
  traffic: () => Promise<void>,
): Promise<Uint8Array[]> {
  const file = `${folder}/capture.pcap`;
  const command =
    `exec tcpdump -i eth0 --immediate-mode -Z root -U -w ${file} 2>&1`;
  await using tcpdump = new RunningProgram(
    { netns: namespace },
    ...["sh", "-c", command],
  );
  while (!(await tcpdump.line()).includes("listening on"));
  await traffic();
  await tcpdump.stop();
  return readPcap(await Deno.readFile(file));
}

/** A DNS server that has a record of each type it knows for every name. */
async function serveNames(socket: UdpSocket): Promise<void> {
  for await (const query of socket) {
    await socket.reply(query, response(query.data));
  }
}

function response(query: Uint8Array): Uint8Array {
  let end = 12;
  while (query[end] !== 0) end += 1 + query[end];
  const type = query[end + 2];
  const data: Record<number, string> = {
    1: "0004 c0000202",
    15: "0009 000a 046d61696c c00c",
    16: "0006 0568656c6c6f",
    28: "0010 20010db8000000000000000000000002",
  };
  const known = data[type] !== undefined;
  const record = `c00c 00${type.toString(16).padStart(2, "0")} 0001 0000003c`;
  return hex(
    query.slice(0, 2).toHex() + (known ? "8180 0001 0001" : "8183 0001 0000") +
      "0000 0000" + query.slice(12, end + 5).toHex() +
      (known ? record + data[type] : ""),
  );
}

/** TCP with MPTCP, fast open and MD5 signatures: port, socket and client. */
const SOCKETS = `
import socket, struct, sys, threading
HERE, THERE = "${HERE[4]}", "${THERE[4]}"
IPPROTO_MPTCP, TCP_MD5SIG, TCP_FASTOPEN, MSG_FASTOPEN = 262, 14, 23, 0x20000000

def sign(s, peer):
    address = struct.pack("=H2s4s120x", socket.AF_INET, b"", socket.inet_aton(peer))
    key = struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret")
    s.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, address + key)

def make(protocol=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    s.settimeout(10)
    return s
`;
const SERVER = `${SOCKETS}
def serve(s, port, times):
    s.bind((THERE, port))
    s.listen()
    def run():
        for _ in range(times):
            c, _ = s.accept()
            c.sendall(c.recv(1000).upper())
            c.close()
    threading.Thread(target=run).start()

multipath, fast, signed = make(IPPROTO_MPTCP), make(), make()
serve(multipath, 7001, 1)
fast.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
serve(fast, 7002, 2)
sign(signed, HERE)
serve(signed, 7003, 1)
print("ready", flush=True)
`;
const CLIENT = `${SOCKETS}
def finish(s):
    assert s.recv(1000) == b"HELLO"
    assert s.recv(1000) == b""
    s.close()

s = make(IPPROTO_MPTCP)
s.connect((THERE, 7001))
s.sendall(b"hello")
finish(s)
for _ in range(2):
    s = make()
    s.setblocking(True)
    s.sendto(b"hello", MSG_FASTOPEN, (THERE, 7002))
    finish(s)
s = make()
sign(s, THERE)
s.connect((THERE, 7003))
s.sendall(b"hello")
finish(s)

seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
seen.settimeout(10)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
group = socket.inet_aton("239.1.2.3") + socket.inet_aton(HERE)
u.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
v = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
eth0 = socket.if_nametoindex("eth0")
group = socket.inet_pton(socket.AF_INET6, "ff02::1234")
v.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("=I", eth0))
# The kernel reports both groups after a random delay.
awaited = {"IGMP", "MLD"}
while awaited:
    packet, (_, protocol, *_) = seen.recvfrom(2000)
    if protocol == 0x0800 and packet[9] == 2 and packet[12:16] == socket.inet_aton(HERE):
        awaited.discard("IGMP")
    if protocol == 0x86dd and packet[6] == 0 and packet[40] == 58 and packet[48] in (131, 143):
        awaited.discard("MLD")
u.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
query = bytes.fromhex("00000000000100000000000004686f7374056c6f63616c0000010001")
u.sendto(query, ("224.0.0.251", 5353))
# No service: port unreachable, which quotes the datagram.
u.sendto(b"\\x23" + bytes(47), (THERE, 123))
u.sendto(b"hello", (THERE, 50000))
v.sendto(b"hello", ("${THERE[6]}", 50000))
v.sendto(bytes.fromhex("0babcdef00080002000a"), ("ff02::1:2", 547, 0, eth0))
`;

/** Makes every kind of traffic that a host makes, and that this kernel can. */
async function makeTraffic(
  lab:
    & Lab<"here" | "there" | "between">
    & {
      readonly [R in "here" | "there" | "between"]: Netns;
    },
  folder: string,
): Promise<void> {
  const { here, there, between } = lab;
  const ping = (...args: string[]) =>
    here.run("ping", ["-q", "-c1", "-W5", ...args]);
  const pingUnanswered = (...args: string[]) =>
    here.output("ping", ["-q", "-c1", "-W1", ...args]);

  await between.ip("link set br0 type bridge stp_state 1");
  await here.run("tcpdump", [
    "-i",
    "eth0",
    "-c",
    "1",
    "-w",
    "/dev/null",
    "stp",
  ]);

  await using dhcp = new RunningProgram(
    { netns: there },
    ...["sh", "-c", `exec busybox udhcpd -f -a 50 ${folder}/dhcp.conf 2>&1`],
  );
  while (!(await dhcp.line()).includes("started"));
  await here.run("udhcpc", [
    ...[
      "-i",
      "eth0",
      "-f",
      "-n",
      "-q",
      "-t",
      "5",
      "-T",
      "1",
      "-s",
      "/bin/true",
    ],
  ]);

  await ping(THERE[4]);
  await ping(THERE[6]);
  await ping("-s", "4000", THERE[4]);
  await ping("-s", "4000", THERE[6]);
  await pingUnanswered("-t", "1", "198.51.100.9");
  await pingUnanswered("-t", "1", "2001:db8:1::9");
  await pingUnanswered("203.0.113.9");
  await pingUnanswered("2001:db8:2::9");

  const names = inNamespace(
    there.name,
    () => UdpSocket.bind({ address: THERE[4], port: 53 }),
  );
  const served = serveNames(names);
  for (const type of ["a", "aaaa", "mx", "txt", "srv"]) {
    await here.output("busybox", [
      "nslookup",
      `-type=${type}`,
      "www.example.com",
      THERE[4],
    ]);
  }
  await names.close();
  await served;

  await using web = new RunningProgram(
    { netns: there },
    ...["busybox", "httpd", "-f", "-p", `${THERE[4]}:80`, "-h", folder],
  );
  const fetched = () =>
    here.output("busybox", [
      "wget",
      ...["-q", "-O", "/dev/null", `http://${THERE[4]}/dhcp.conf`],
    ]);
  for (let tries = 0; (await fetched()).code !== 0; tries++) {
    assert(tries < 100);
  }
  await web.stop("SIGTERM");

  await using server = new RunningProgram(
    { netns: there },
    ...["python3", "-c", SERVER],
  );
  assertEquals(await server.line(), "ready");
  await here.run("python3", ["-c", CLIENT]);

  await between.ip("link set br0 type bridge stp_state 1");
  await here.run("tcpdump", [
    "-i",
    "eth0",
    "-c",
    "1",
    "-w",
    "/dev/null",
    "stp",
  ]);
}

/** Two hosts with a bridge between them. */
async function openLab() {
  const lab = await Lab.open("here", "there", "between");
  await lab.between.ip(
    "link add br0 type bridge mcast_snooping 1 mcast_querier 1",
  );
  for (const role of ["here", "there"] as const) {
    await lab.veth(role, "eth0", "between", role);
    await lab.between.ip(`link set ${role} master br0`);
    const address = role === "here" ? HERE : THERE;
    await lab[role].ip(`address add ${address[4]}/24 dev eth0`);
    await lab[role].ip(`address add ${address[6]}/64 dev eth0`);
    await lab[role].sysctl("net.ipv4.tcp_fastopen", 3);
  }
  await lab.here.ip(`route add default via ${THERE[4]}`);
  await lab.here.ip(`-6 route add default via ${THERE[6]}`);
  await lab.there.ip(`route add 198.51.100.0/24 via ${HERE[4]}`);
  await lab.there.ip(`-6 route add 2001:db8:1::/48 via ${HERE[6]}`);
  await lab.there.sysctl("net.ipv4.ip_forward", 1);
  await lab.there.sysctl("net.ipv6.conf.all.forwarding", 1);
  return lab;
}

Deno.test("a capture of a host's traffic is described as tcpdump does, and has tshark's fields", async () => {
  await using lab = await openLab();
  const folder = await Deno.makeTempDir({ prefix: "netplumb-" });
  let packets: Uint8Array[];
  try {
    await Deno.writeTextFile(
      `${folder}/dhcp.conf`,
      `start 192.0.2.100
end 192.0.2.110
interface eth0
pidfile ${folder}/dhcp.pid
lease_file ${folder}/dhcp.leases
option subnet 255.255.255.0
option lease 600
`,
    );
    await Deno.writeTextFile(`${folder}/dhcp.leases`, "");
    packets = await captureWhile(lab.here, folder, async () => {
      await lab.between.ip("link set br0 up");
      await makeTraffic(lab, folder);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  checkKinds(packets);
  const decoded = packets.map((bytes) => decodePacket(bytes, "ethernet"));
  const ours = decoded.map(describePacket);
  const theirs = await tcpdumpLines(packets, "ethernet");
  const differing = ours.map((line, i) => [line, theirs[i]])
    .filter(([ours, theirs]) => ours !== theirs);
  // tcpdump 4.99 does not know the length of MPTCP's option with data.
  const unexplained = differing.filter(([, theirs]) =>
    !theirs.endsWith("[bad opt]")
  );
  assertEquals(
    unexplained.map(([ours]) => ours),
    unexplained.map(([, t]) => t),
  );
  assert(differing.length <= 2);
  await checkFields(packets, decoded);
});

/** Fails if the capture lacks a kind of traffic it was made for. */
function checkKinds(packets: readonly Uint8Array[]): void {
  const lines = packets.map((bytes) =>
    describePacket(decodePacket(bytes, "ethernet"))
  );
  const kinds = [
    /^ARP, Request/,
    /^ARP, Reply/,
    /ICMP echo request/,
    /ICMP6, echo reply/,
    /ICMP .* udp port 50000 unreachable/,
    /ICMP6, destination unreachable, unreachable port/,
    /time exceeded in-transit/,
    /ICMP6, time exceeded in-transit/,
    /: ip-proto-1$/,
    /: frag \(/,
    /neighbor solicitation/,
    /igmp v[23] report/,
    /multicast listener report/,
    /BOOTP\/DHCP, Request from/,
    /BOOTP\/DHCP, Reply/,
    /dhcp6 inf-req/,
    / A\? www\.example\.com\./,
    / 1\/0\/0 TXT "hello"/,
    / NXDomain/,
    /A \(QM\)\? host\.local\./,
    /NTPv4, Client/,
    /HTTP: GET/,
    /HTTP: HTTP\/1\.[01] 200 OK/,
    /mptcp \d+ capable v1/,
    /mptcp \d+ dss/,
    /tfo {2}cookiereq/,
    /tfo {2}cookie [0-9a-f]+/,
    /md5 shared secret/,
    /^STP 802\.1d, Config/,
  ];
  assertEquals(
    kinds.filter((kind) => !lines.some((line) => kind.test(line))),
    [],
    lines.join("\n"),
  );
}

/** Compares the JSON of every packet with the fields that tshark reads. */
async function checkFields(
  packets: readonly Uint8Array[],
  decoded: readonly Packet[],
): Promise<void> {
  const fields = [
    ...["frame.len", "ip.src", "ipv6.src", "ip.ttl", "ipv6.hlim"],
    ...["udp.dstport", "tcp.dstport", "tcp.seq_raw", "tcp.len"],
    ...["icmp.type", "icmpv6.type", "igmp.type", "arp.opcode", "stp.type"],
    ...["dhcp.id", "dns.id", "dns.a", "dhcpv6.msgtype", "tcp.option_kind"],
  ];
  const rows = await tsharkFields(capture(packets, "ethernet"), fields, [
    ...["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"],
    ...["-E", "occurrence=f"],
  ]);
  decoded.forEach((packet, i) => {
    const json = packetJson(packet);
    const { version, icmp, dns } = json;
    const isUdp = json.sourcePort !== undefined && !json.tcp;
    const hexOf = (value: number | undefined, digits: number) =>
      value === undefined
        ? undefined
        : `0x${value.toString(16).padStart(digits, "0")}`;
    const ours = [
      json.bytes,
      version === 4 ? json.source : undefined,
      version === 6 ? json.source : undefined,
      version === 4 ? json.ttl : undefined,
      version === 6 ? json.ttl : undefined,
      isUdp ? json.destinationPort : undefined,
      json.tcp && json.destinationPort,
      json.tcp?.sequence,
      json.tcp && json.length,
      version === 4 ? icmp?.type : undefined,
      version === 6 ? icmp?.type : undefined,
      hexOf(json.igmp?.type, 2),
      json.arp?.operation,
      hexOf(json.llc?.stp?.type, 2),
      hexOf(json.dhcp?.transaction, 8),
      hexOf(dns?.id, 4),
      dns?.answers.find(({ type }) => type === "A")?.data,
      json.dhcpv6 && "11",
      packet.tcp?.options().options[0]?.kind,
    ].map((value) => value === undefined ? "" : String(value));
    const theirs = rows[i].map((value, j) =>
      // Fields of the packet that an ICMP error quotes are not of this one.
      icmp && /^(udp|tcp|dns|dhcp|ntp)/.test(fields[j]) ? "" : value
    );
    assertEquals(ours, theirs, describePacket(packet));
  });
}
