// Access control of `netplumb view`: which requests are allowed, and the
// headers of responses.

import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** The cookie that holds the token in a browser. */
const COOKIE = "netplumb-token";

/** The worker of the layout engine needs a Trusted Types policy. */
const POLICY = [
  "default-src 'none'",
  ...["script", "style", "img", "connect", "worker"]
    .map((type) => `${type}-src 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types netplumb",
].join("; ");

/** The headers of every response. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A response in plain text. */
export function plain(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      ...HEADERS,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** Checks requests. */
export class Access {
  readonly #token: Uint8Array | undefined;
  readonly #hosts: ReadonlySet<string>;

  /**
   * @param token What clients have to present; undefined for no check.
   * @param hosts Host names that are valid besides localhost and IP addresses.
   */
  constructor(token: string | undefined, hosts: readonly string[]) {
    this.#token = token === undefined ? undefined : digest(token);
    this.#hosts = new Set(
      ["localhost", ...hosts].map((name) => name.toLowerCase()),
    );
  }

  /** The response to a request that is not allowed; undefined otherwise. */
  refusal(request: Request, url: URL): Response | undefined {
    if (!this.#isKnownHost(request.headers.get("host"))) {
      return plain(
        421,
        "The Host header is neither an IP address nor localhost. Use --host for " +
          "another name.",
      );
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "Only GET and HEAD.", { allow: "GET, HEAD" });
    }
    if (this.#token === undefined) return undefined;
    const given = url.searchParams.get("token");
    if (given !== null && this.#isToken(given)) {
      // The browser presents the cookie from here on, so that the token is not
      // in the address bar.
      return plain(303, "See /", {
        location: url.pathname,
        "set-cookie": `${COOKIE}=${
          encodeURIComponent(given)
        }; Path=/; HttpOnly; SameSite=Strict`,
      });
    }
    const presented = bearer(request) ?? cookie(request);
    if (presented !== undefined && this.#isToken(presented)) return undefined;
    return plain(401, "A token is required: open /?token=TOKEN", {
      "www-authenticate": "Bearer",
    });
  }

  /**
   * A page of another site can reach this server through a name that it lets
   * resolve to this host (DNS rebinding), but not through an IP address.
   */
  #isKnownHost(host: string | null): boolean {
    const [, bracketed, name] = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(
      host ?? "",
    ) ?? [];
    if (bracketed !== undefined) return isIP(bracketed) === 6;
    if (name === undefined) return false;
    return isIP(name) === 4 || this.#hosts.has(name.toLowerCase());
  }

  #isToken(given: string): boolean {
    return timingSafeEqual(digest(given), this.#token!);
  }
}

/** Digests have equal lengths, which the comparison needs. */
function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

function bearer({ headers }: Request): string | undefined {
  return /^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

function cookie({ headers }: Request): string | undefined {
  for (const pair of (headers.get("cookie") ?? "").split(/; */)) {
    const [name, value] = pair.split("=", 2);
    if (name !== COOKIE || value === undefined) continue;
    try {
      return decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
}
