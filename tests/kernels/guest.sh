# Sets up a kernel of the matrix, runs the tests there and powers off.
. /run/settings
export HOME=/root NO_COLOR=1 DENO_DIR NETPLUMB_TEST_SLOWNESS
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

echo /run/modprobe >/proc/sys/kernel/modprobe
printf '#!/bin/sh\nexec /run/busybox modprobe "$@"\n' >/run/modprobe
chmod +x /run/modprobe
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
for module in ipv6 tun ip_gre ipip sit mpls_router mpls_iptunnel; do
  /run/busybox modprobe "$module"
done
# Tunnel modules create a device in every namespace, which tests that count
# links do not expect.
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net
ip link set lo up

SHARE=/run/share
. "$CHECKOUT/tests/kernels/tests.sh"
sync
/run/busybox poweroff -f
