// The HTTP server of `netplumb view`: the page, /state, /events and the updates of
// the page.

import { ArgumentError } from "../../lib/errors.ts";
import { log } from "../log.ts";
import { printableJson } from "../output/printable.ts";
import { describeFailure } from "../failure.ts";
import { START } from "../formats.ts";
import { metricsResponse } from "../metrics/openmetrics.ts";
import { Access, HEADERS, plain } from "./access.ts";
import type { Feed } from "./feed.ts";
import { FILES, type PageFile } from "./files.ts";
import { type Listen, urlOf } from "./listen.ts";
import { OBJECTS, showState } from "./show.ts";

/** Streams at a time: each costs a descriptor. */
const STREAMS = 512;

/** Options of the server. */
export interface ServerOptions {
  readonly listen: Listen;
  /** The mode of a Unix socket. */
  readonly mode: number;
  readonly token: string | undefined;
  /** Host names that requests may name, besides localhost. */
  readonly hosts: readonly string[];
  readonly feed: Feed;
  /** The namespaces of the monitor. */
  readonly namespaces: () => readonly (string | undefined)[];
  readonly signal: AbortSignal;
}

/** A running server. */
export interface ViewServer extends AsyncDisposable {
  /** Its URL; undefined for a Unix socket. */
  readonly url: string | undefined;
  /** Settles when the server has ended. */
  readonly finished: Promise<void>;
}

/**
 * Starts the server.
 *
 * @throws {Deno.errors.AddrInUse} If another program listens there.
 */
export async function serveView(options: ServerOptions): Promise<ViewServer> {
  const { listen, signal } = options;
  const streams = new AbortController();
  const handler = handle({
    ...options,
    signal: AbortSignal.any([signal, streams.signal]),
  });
  const shared = { handler, onError: failure, onListen() {} };
  let server: Deno.HttpServer<Deno.Addr>;
  let url: string | undefined;
  if (listen.transport === "unix") {
    await removeStaleSocket(listen.path);
    // The socket is never accessible to more users than `mode` says.
    const umask = Deno.umask(0o777 & ~options.mode);
    try {
      server = Deno.serve({ ...shared, path: listen.path }, handler);
    } finally {
      Deno.umask(umask);
    }
  } else {
    const { hostname, port } = listen;
    const tcp = Deno.serve({ ...shared, hostname, port }, handler);
    url = urlOf(tcp.addr);
    server = tcp;
  }
  return {
    url,
    finished: server.finished,
    async [Symbol.asyncDispose]() {
      streams.abort();
      await server.shutdown();
      if (listen.transport === "unix") {
        await Deno.remove(listen.path).catch(() => {});
      }
    },
  };
}

/** Removes the socket of a server that has ended without removing it. */
async function removeStaleSocket(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (info === undefined || !info.isSocket) return;
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) {
      await Deno.remove(path);
    }
  }
}

function handle(
  { token, hosts, feed, namespaces, signal }: ServerOptions,
): (request: Request) => Response | Promise<Response> {
  const access = new Access(token, hosts);
  return (request) => {
    const url = new URL(request.url);
    const refusal = access.refusal(request, url);
    if (refusal !== undefined) return refusal;
    const file = FILES.get(url.pathname);
    if (file !== undefined) return fileResponse(file);
    const stream = {
      lastEventId: request.headers.get("last-event-id"),
      signal,
    };
    switch (url.pathname) {
      case "/state":
        return stateResponse(url.searchParams, namespaces(), signal);
      case "/metrics":
        return metricsOf(feed, request);
      case "/updates":
        if (isFull(feed)) return tooMany();
        return feed.updates.stream({
          ...stream,
          *snapshot() {
            const data = JSON.stringify(feed.snapshot());
            yield { type: "snapshot", data };
          },
        });
      case "/events": {
        if (isFull(feed)) return tooMany();
        const withSnapshot = url.searchParams.has("snapshot");
        return feed.events.stream({
          ...stream,
          *snapshot(isBehind) {
            yield { data: JSON.stringify(START) };
            // As the monitor reports events that the kernel dropped.
            if (isBehind) yield { data: '{"event":"overrun"}' };
            if (!withSnapshot) return;
            for (const data of feed.currentEvents()) yield { data };
          },
        });
      }
    }
    return plain(404, "Not found");
  };
}

function isFull({ updates, events }: Feed): boolean {
  return updates.streams + events.streams >= STREAMS;
}

function tooMany(): Response {
  return plain(503, `${STREAMS} streams are open.`, { "retry-after": "10" });
}

function fileResponse({ type, text }: PageFile): Response {
  return new Response(text, {
    headers: { ...HEADERS, "content-type": type, "cache-control": "no-cache" },
  });
}

async function metricsOf(feed: Feed, request: Request): Promise<Response> {
  const response = metricsResponse(request, await feed.metrics());
  for (const [name, value] of Object.entries(HEADERS)) {
    response.headers.set(name, value);
  }
  return response;
}

async function stateResponse(
  query: URLSearchParams,
  monitored: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<Response> {
  // An empty name is the namespace without one.
  const wanted = query.getAll("namespace").map((name) => name || undefined);
  const unknown = wanted.find((name) => !monitored.includes(name));
  if (unknown !== undefined) {
    return plain(404, `The namespace ${unknown} is not monitored.`);
  }
  const objects = query.getAll("object");
  const other = objects.find((object) => !OBJECTS.includes(object));
  if (other !== undefined) {
    return plain(400, `object: use ${OBJECTS.join(", ")}.`);
  }
  const namespaces = await showState({
    namespaces: wanted.length > 0 ? wanted : monitored,
    objects: objects.length > 0 ? objects : OBJECTS,
    ...(query.has("dev") ? { dev: query.get("dev")! } : {}),
    details: query.has("details"),
    statistics: query.has("statistics"),
    signal,
  });
  return new Response(`${printableJson({ namespaces })}\n`, {
    headers: {
      ...HEADERS,
      "content-type": "application/json",
      "cache-control": "no-store",
    },
  });
}

function failure(error: unknown): Response {
  const { sentence } = describeFailure(error);
  if (error instanceof ArgumentError) return plain(400, sentence);
  log.warn(sentence);
  return plain(500, sentence);
}
