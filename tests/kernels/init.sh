#!/bin/busybox sh
# The first process on a kernel of the matrix: makes a root file system of the
# machine's own files, read-only below, with what is written in memory only.
# Then guest.sh runs the tests there.
/bin/busybox --install -s /bin
export PATH=/bin
. /settings

die() {
  echo "init: $*"
  poweroff -f
}

mkdir -p /proc /sys /lower /over /root
mount -t proc proc /proc
for module in $EARLY; do
  modprobe "$module" || die "no module $module"
done

foreign() { # NAME PATH FOLDER OPTIONS
  case $MACHINE in
  uml) mount -t hostfs -o "$4,$2" "$1" "$3" ;;
  qemu)
    mount -t 9p -o "$4,trans=virtio,version=9p2000.L,msize=524288" "$1" "$3"
    ;;
  esac || die "$1 cannot be mounted"
}

case $MACHINE in
uml) foreign root / /lower ro ;;
qemu) foreign root / /lower ro,cache=loose ;;
esac
mount -t tmpfs -o mode=755 over /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/lower,upperdir=/over/upper,workdir=/over/work \
  overlay /root || die "no overlay"

cd /root || die "no root"
mount -t proc proc proc
mount -t sysfs sys sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm dev/net
mount -t devpts -o ptmxmode=666 pts dev/pts
mount -t tmpfs shm dev/shm
mount -t tmpfs -o mode=755 run run
mkdir -p run/lock run/share "lib/modules/$(uname -r)"
mount -o bind "/lower$MODULES" "lib/modules/$(uname -r)" || die "no modules"
foreign share "$SHARE" run/share rw
cp /settings run/settings
cp /bin/busybox run/busybox
exec switch_root /root /bin/sh "$CHECKOUT/tests/kernels/guest.sh"
