# Runs the tests named in /run/share/tests, one line a file, on a kernel of the
# matrix. What deno prints of the n-th goes to /run/share/n.log, its results to
# n.xml. Ends the machine.
. /run/settings
export HOME=/root NO_COLOR=1 DENO_DIR NETPLUMB_TEST_SLOWNESS
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

echo /run/modprobe >/proc/sys/kernel/modprobe
printf '#!/bin/sh\nexec /run/busybox modprobe "$@"\n' >/run/modprobe
chmod +x /run/modprobe
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
for module in ipv6 tun ip_gre ipip sit; do
  /run/busybox modprobe "$module"
done
# Tunnels come with a device of their own in every namespace, which whoever
# counts links does not expect.
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net
ip link set lo up

uname -a | tee /run/share/uname
cd "$CHECKOUT" || exit
number=0
while read -r file; do
  timeout --kill-after=10 "$LONGEST" "$DENO" test -A --no-check --trace-leaks \
    --sanitize-ops --sanitize-resources --junit-path="/run/share/$number.xml" \
    "$file" >"/run/share/$number.log" 2>&1 </dev/null
  echo "$? $file"
  number=$((number + 1))
done </run/share/tests
sync
/run/busybox poweroff -f
