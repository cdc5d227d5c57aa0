#!/bin/sh
# Starts the command with npm's Deno. It is executed without node in between, so
# that signals and socket activation reach it.

nearest() { # DIRECTORY PACKAGE: where Node.js finds a package from a directory
  directory=$1
  until [ -d "$directory/node_modules/$2" ]; do
    [ -n "$directory" ] || return
    directory=${directory%/*}
  done
  readlink -f "$directory/node_modules/$2"
}

case $(uname -m) in
  x86_64) binary=@deno/linux-x64-glibc ;;
  aarch64) binary=@deno/linux-arm64-glibc ;;
  *)
    echo "netplumb: Deno supports x86_64 and aarch64, this is $(uname -m)" >&2
    exit 1
    ;;
esac
package=$(readlink -f "$0")
package=${package%/*}
deno=$(nearest "$(nearest "$package" deno)" "$binary")/deno
if [ ! -x "$deno" ]; then
  echo "netplumb: npm did not install $binary; it is an optional dependency of" \
    "the package deno: npm install --include=optional" >&2
  exit 1
fi
export DENO_NO_UPDATE_CHECK=1
exec "$deno" run -A V8_FLAGS --no-config --node-modules-dir=manual \
  "$package/cli/main.js" "$@"
