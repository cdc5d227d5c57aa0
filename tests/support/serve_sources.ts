// The checkout on an HTTP server of this machine, for imports by URL.

const ROOT = new URL("../../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  ts: "application/typescript",
};

/** Serves the files of the checkout on a free port of 127.0.0.1. */
export function serveSources(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async ({ url }) => {
      const { pathname } = new URL(url);
      const text = await Deno.readTextFile(new URL(`.${pathname}`, ROOT))
        .catch(() => undefined);
      const extension = pathname.slice(pathname.lastIndexOf(".") + 1);
      return new Response(text, {
        status: text === undefined ? 404 : 200,
        headers: { "content-type": TYPES[extension] ?? "text/plain" },
      });
    },
  );
}
