// A running `netplumb view` for tests, and a client of its streams.

import { assert, assertEquals } from "@std/assert";
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
  static open(
    namespaces: readonly Netns[],
    ...args: string[]
  ): Promise<ViewServer> {
    return ViewServer.openIn(undefined, namespaces, ...args);
  }

  /** The same in a namespace. */
  static async openIn(
    netns: Netns | undefined,
    namespaces: readonly Netns[],
    ...args: string[]
  ): Promise<ViewServer> {
    const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const server = new ViewServer(
      netns,
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

/** A client of server-sent events. */
export class EventStream implements AsyncDisposable {
  #rest = "";

  private constructor(
    readonly reader: ReadableStreamDefaultReader<string>,
  ) {}

  static async open(
    url: string,
    headers: Record<string, string> = {},
  ): Promise<EventStream> {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.timeout(60_000),
    });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    return new EventStream(
      response.body!.pipeThrough(new TextDecoderStream()).getReader(),
    );
  }

  async next(): Promise<{ id?: string; event?: string; data: string }> {
    for (;;) {
      const at = this.#rest.indexOf("\n\n");
      if (at < 0) {
        const { value, done } = await this.reader.read();
        assert(!done, "the stream ended");
        this.#rest += value;
        continue;
      }
      const lines = this.#rest.slice(0, at).split("\n");
      this.#rest = this.#rest.slice(at + 2);
      const fields = Object.fromEntries(
        lines.map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1) ?? ["", ""]),
      );
      if (fields.data !== undefined) return fields;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.cancel();
  }
}
