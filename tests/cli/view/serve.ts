// A running `netplumb view` for tests.

import { assertEquals } from "@std/assert";
import { Running } from "../../support/command.ts";
import type { Netns } from "../../support/netns.ts";

/** The command with the address that it reported. */
export class ViewServer extends Running {
  url = "";

  /**
   * Starts it in this namespace, on a port that the kernel chooses.
   *
   * @param namespaces The namespaces to show.
   */
  static async open(
    namespaces: readonly Netns[],
    ...args: string[]
  ): Promise<ViewServer> {
    const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const server = new ViewServer(
      undefined,
      "view",
      "--json",
      ...listen,
      ...namespaces.flatMap(({ name }) => ["--netns", name]),
      ...args,
    );
    const { event, url, path } = await server.object();
    assertEquals(event, "listening");
    server.url = url ?? path;
    return server;
  }
}
