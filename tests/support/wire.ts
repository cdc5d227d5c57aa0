// IP packets as they arrive on an interface, by an AF_PACKET socket of Python.

import type { Netns } from "./netns.ts";
import { RunningProgram } from "./program.ts";

const SCRIPT = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    packet, (_, protocol, kind, *_) = s.recvfrom(65535)
    udp = (protocol == 0x0800 and packet[9] == 17
           or protocol == 0x86dd and packet[6] in (17, 44))
    if kind != 4 and udp:
        print(packet.hex(), flush=True)
`;

/** Arrivals of UDP on an interface, IPv4 and IPv6, fragments included. */
export class Wire implements AsyncDisposable {
  private constructor(readonly program: RunningProgram) {}

  static async open(netns: Netns, name: string): Promise<Wire> {
    const program = new RunningProgram(
      { netns },
      ...["python3", "-c", SCRIPT, name],
    );
    await program.line();
    return new Wire(program);
  }

  /** The next packet, from its IP header on. */
  async packet(): Promise<Uint8Array<ArrayBuffer>> {
    return Uint8Array.fromHex(await this.program.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
