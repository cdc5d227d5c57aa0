// Debian packages that the tests need, each with what the tests use of it. The
// first step of `deno task test` looks for these parts, not for the packages: a
// program from another package, or installed by hand, counts as present.

/** A part of a package that tests use, and how to find it. */
export type Part =
  /** A program on the PATH. */
  | { readonly program: string }
  /** A file, by its absolute path. */
  | { readonly file: string }
  /**
   * A check beyond file names: a command that succeeds, and whose output matches
   * `prints`, only where the part is present.
   */
  | {
    readonly name: string;
    readonly command: readonly string[];
    readonly prints?: RegExp;
  };

export interface DebianPackage {
  readonly package: string;
  readonly parts: readonly Part[];
}

/** The program that has to be on the PATH for a part; undefined for a file. */
export function partProgram(part: Part): string | undefined {
  if ("program" in part) return part.program;
  return "command" in part ? part.command[0] : undefined;
}

/** The name of a part in messages. */
export function partName(part: Part): string {
  if ("program" in part) return part.program;
  return "file" in part ? part.file : part.name;
}

/** The compiler for the other processor, and its headers, by processor. */
const CROSS = {
  x86_64: {
    compiler: "aarch64-linux-gnu-gcc",
    compilerPackage: "gcc-aarch64-linux-gnu",
    headersPackage: "libc6-dev-arm64-cross",
  },
  aarch64: {
    compiler: "x86_64-linux-gnu-gcc",
    compilerPackage: "gcc-x86-64-linux-gnu",
    headersPackage: "libc6-dev-amd64-cross",
  },
} as const;

const programs = (...names: string[]): Part[] =>
  names.map((program) => ({ program }));

const headers = (name: string, compiler: string): Part => ({
  name,
  command: [
    ...[compiler, "-E", "-include", "stdio.h", "-include", "linux/rtnetlink.h"],
    ...["-x", "c", "/dev/null", "-o", "/dev/null"],
  ],
});

/** The packages for a processor, sorted by name. */
export function debianPackages(
  arch: keyof typeof CROSS,
): readonly DebianPackage[] {
  const cross = CROSS[arch];
  return [
    { package: "avahi-daemon", parts: programs("avahi-daemon") },
    { package: "bash", parts: programs("bash") },
    { package: "bind9-dnsutils", parts: programs("dig") },
    { package: "bird2", parts: programs("bird", "birdc") },
    { package: "bsdutils", parts: programs("script") },
    { package: "busybox", parts: programs("busybox") },
    { package: "chromium", parts: programs("chromium") },
    {
      package: "coreutils",
      parts: programs(
        ...[
          "cat",
          "env",
          "head",
          "ln",
          "mkdir",
          "readlink",
          "seq",
          "sha256sum",
        ],
        ...["sleep", "test", "timeout", "touch", "true", "uname", "wc"],
      ),
    },
    { package: "dash", parts: programs("sh") },
    { package: "dnsmasq-base", parts: programs("dnsmasq") },
    { package: "ethtool", parts: programs("ethtool") },
    { package: "findutils", parts: programs("find") },
    { package: "fish", parts: programs("fish") },
    { package: "gcc", parts: programs("gcc", `${arch}-linux-gnu-gcc`) },
    { package: cross.compilerPackage, parts: programs(cross.compiler) },
    { package: "grep", parts: programs("grep") },
    { package: "iproute2", parts: programs("bridge", "ip", "ss", "tc") },
    {
      package: "iputils-ping",
      // inetutils-ping and busybox have a `ping` with fewer options.
      parts: [{
        name: "ping of iputils",
        command: ["ping", "-V"],
        prints: /iputils/,
      }],
    },
    { package: "keepalived", parts: programs("keepalived") },
    { package: "knot-dnsutils", parts: programs("kdig") },
    { package: "libc-bin", parts: programs("getconf", "getent") },
    { package: "libc6-dev", parts: [headers("C headers", "gcc")] },
    {
      package: cross.headersPackage,
      parts: [headers(`C headers of ${cross.compiler}`, cross.compiler)],
    },
    { package: "man-db", parts: programs("man") },
    { package: "mount", parts: programs("mount", "umount") },
    // `ip` takes protocol names from it.
    { package: "netbase", parts: [{ file: "/etc/protocols" }] },
    {
      package: "netcat-openbsd",
      // netcat-traditional and ncat have an `nc` with other options.
      parts: [{
        name: "nc of OpenBSD",
        command: ["nc", "-h"],
        prints: /OpenBSD/,
      }],
    },
    { package: "nftables", parts: programs("nft") },
    { package: "openvpn", parts: programs("openvpn") },
    { package: "procps", parts: programs("pkill", "ps", "sysctl") },
    { package: "prometheus", parts: programs("prometheus", "promtool") },
    {
      package: "python3",
      // python3-minimal lacks modules that tests import.
      parts: [{
        name: "python3 with json and xml",
        command: ["python3", "-IS", "-c", "import json, xml.dom"],
      }],
    },
    { package: "radvd", parts: programs("radvd") },
    { package: "strace", parts: programs("strace") },
    { package: "systemd", parts: programs("systemd-analyze") },
    { package: "tar", parts: programs("tar") },
    { package: "tcpdump", parts: programs("tcpdump") },
    { package: "tmux", parts: programs("tmux") },
    { package: "tshark", parts: programs("capinfos", "editcap", "tshark") },
    { package: "udhcpc", parts: programs("udhcpc") },
    {
      package: "util-linux",
      parts: programs("lsns", "nsenter", "prlimit", "setpriv", "unshare"),
    },
    { package: "zsh", parts: programs("zsh") },
  ];
}
