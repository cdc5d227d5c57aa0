// Listen addresses of `netplumb view`: an address with a port, or a Unix
// socket.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";
import { formatAddress, parseAddress } from "../../lib/net/ip_address.ts";

/** A listen address. */
export type Listen =
  | {
    readonly transport: "tcp";
    readonly hostname: string;
    readonly port: number;
    readonly isLoopback: boolean;
  }
  | { readonly transport: "unix"; readonly path: string };

/** ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH. */
export function listenAddress({ name, value }: ArgumentValue): Listen {
  if (value.startsWith("unix:")) {
    const path = value.slice("unix:".length);
    // sun_path of unix(7), with the NUL.
    if (path !== "" && new TextEncoder().encode(path).length < 108) {
      return { transport: "unix", path };
    }
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65535) {
    throw new ArgumentError(
      name,
      value,
      "an address and a port such as 127.0.0.1:7586 or [::1]:7586, or " +
        "unix:PATH",
    );
  }
  const address = host === "localhost" ? "127.0.0.1" : host;
  const bytes = parseAddress(address, name).address;
  const hostname = formatAddress(bytes);
  return {
    transport: "tcp",
    hostname,
    port: Number(port),
    isLoopback: hostname.startsWith("127.") || hostname === "::1",
  };
}

/** The URL of a listening TCP socket. */
export function urlOf({ hostname, port }: Deno.NetAddr): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}/`;
}
