# Runs the tests named in $SHARE/tests, one line a file. What deno prints of the
# n-th goes to $SHARE/n.log, its results to n.xml. Several runs that share the
# directory take a file each.
"$DENO" eval 'console.log(Deno.build.arch, Deno.osRelease())' |
  tee "$SHARE/started"
cd "$CHECKOUT" || exit
number=-1
while read -r file; do
  number=$((number + 1))
  mkdir "$SHARE/$number.taken" 2>/dev/null || continue
  started=$(date +%s)
  timeout --kill-after=10 "$LONGEST" "$DENO" test -A --no-check --trace-leaks \
    --sanitize-ops --sanitize-resources --junit-path="$SHARE/$number.xml" \
    --preload="$CHECKOUT/tests/kernels/exec_path.ts" \
    "$file" >"$SHARE/$number.log" 2>&1 </dev/null
  echo "$? $file, $(($(date +%s) - started)) s"
done <"$SHARE/tests"
