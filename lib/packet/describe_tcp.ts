import { TCP, type TcpHeader } from "./tcp.ts";
import type { TcpOptionFields } from "./tcp_option.ts";

// In the order in which they are printed.
const FLAGS: [bit: number, letter: string][] = [
  [TCP.FIN, "F"],
  [TCP.SYN, "S"],
  [TCP.RST, "R"],
  [TCP.PSH, "P"],
  [TCP.ACK, "."],
  [TCP.URG, "U"],
  [TCP.ECE, "E"],
  [TCP.CWR, "W"],
  [TCP.AE, "e"],
];

/**
 * Prints TCP flags as tcpdump does.
 *
 * @param flags Bits of `TCP`.
 * @returns For example `S.` for SYN and ACK; `none` if no flag is set.
 *
 * Source: tcpdump(8), RFC 9293.
 *
 * @example
 * ```ts
 * import { headers, TCP } from "@netplumb/netplumb";
 *
 * console.log(headers.formatTcpFlags(TCP.PSH | TCP.ACK)); // P.
 * ```
 */
export function formatTcpFlags(flags: number): string {
  let text = "";
  for (const [bit, letter] of FLAGS) if (flags & bit) text += letter;
  return text || "none";
}

export function describeTcp(tcp: TcpHeader): string {
  const { flags, payloadLength: length } = tcp;
  let text = `Flags [${formatTcpFlags(flags)}]`;
  if (length > 0) {
    text += `, seq ${tcp.sequence}:${(tcp.sequence + length) >>> 0}`;
  } else if (flags & (TCP.SYN | TCP.FIN | TCP.RST)) {
    text += `, seq ${tcp.sequence}`;
  }
  if (flags & TCP.ACK) text += `, ack ${tcp.acknowledgement}`;
  text += `, win ${tcp.window}`;
  if (flags & TCP.URG) text += `, urg ${tcp.urgentPointer}`;
  if (tcp.payloadOffset > tcp.offset + 20) {
    const { options, malformed } = tcp.options();
    const texts = options.map(formatTcpOption);
    if (malformed !== undefined) texts.push(`malformed: ${malformed}`);
    text += `, options [${texts.join(",")}]`;
  }
  return `${text}, length ${length}`;
}

export function formatTcpOption(option: TcpOptionFields): string {
  switch (option.name) {
    case "mss":
    case "wscale":
      return `${option.name} ${option.value}`;
    case "TS":
      return `TS val ${option.value} ecr ${option.echo}`;
    case "sack":
      return `sack ${option.blocks.length} ${
        option.blocks.map(([start, end]) => `{${start}:${end}}`).join("")
      }`;
    case "unknown": {
      const data = option.data.length > 0 ? ` 0x${option.data.toHex()}` : "";
      return `unknown-${option.kind}${data}`;
    }
    default:
      return option.name;
  }
}
