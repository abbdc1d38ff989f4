# A hall on simulated devices in the folder $work: upstream and the terminal's configuration. For the
# scripts here, which start the devices and set $work, $bin, $started and $SIM; to be sourced.

# Waits until a started program has said something into a file.
ready() { # file, what it is, where it wrote what went wrong if not here
  for _ in $(seq 600); do [ -s "$1" ] && return; sleep 0.1; done
  [ -z "${3:-}" ] || cat "$3" >&2
  echo "$2 did not start; see above" >&2
  exit 1
}

# Ends what was started, by its process id.
end_all() {
  kill "${started[@]}" 2>/dev/null || true
  wait "${started[@]}" 2>/dev/null || true
}

said() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" "$work/sim.json"; }

# The terminal's configuration, for the devices that $work/sim.json tells of.
configure() {
  sed -E \
    -e "s#^directory = .*#directory = \"$PWD/catalog/matters\"#" \
    -e "s#^card_reader = .*#card_reader = \"$(said card_reader)\"\ncode_scanner = \"$(said code_scanner)\"#" \
    -e "s#^printer = .*#printer = \"$(said printer)\"#" \
    demo/kiosk.toml >"$work/kiosk.toml"
}

# The reference upstream, in a folder of its own; the terminal makes its key and is enrolled.
start_upstream() {
  upstream=$work/upstream
  db=sqlite:$work/upstream.db
  local key
  key=$(kiosk-upstream init --data "$upstream")
  kiosk-upstream serve --listen 127.0.0.1:0 --db "$db" --data "$upstream" --catalogue catalog/matters \
    >"$work/upstream.txt" 2>"$work/upstream.log" &
  started+=("$!")
  ready "$work/upstream.txt" "upstream" "$work/upstream.log"
  cat >>"$work/kiosk.toml" <<TOML

[upstream]
url = "$(sed 's/^listening on //' "$work/upstream.txt")"
ca = "$upstream/ca.pem"
key = "$key"
device_key = "$work/device.key"
outbox = "$work/outbox"
TOML
  kiosk-upstream enrol --db "$db" "$(kiosk uplink key --config "$work/kiosk.toml")" "A-01" >/dev/null
}
