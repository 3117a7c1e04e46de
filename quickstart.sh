#!/bin/bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# From nothing to a working load balancer, on a Debian 12 machine, as root:
# installs packages, builds, brings the lab up, applies an example and sends
# requests.  The lab stays up; "vagrant/lab down" removes it.
set -eu
cd "$(dirname "$0")"
. vagrant/setup.sh

example=yaml/examples/web.yaml
vip=20.50.60.10
requests=300

check_machine
install_packages
export SLB_BUILDDIR=$PWD/_build
build _build

step "bringing up the lab: 1 client, 1 router, 2 muxes, 3 hosts, 10 VMs"
vagrant/lab up

step "applying $example"
vagrant/lab exec control slb-ctl apply "$PWD/$example" --wait

step "sending $requests requests from the client to http://$vip/"
answers=$(mktemp)
trap 'rm -f "$answers"' EXIT
vagrant/lab exec client sh -c "
    for i in \$(seq $requests); do
        curl -sS --max-time 5 http://$vip/
    done" > "$answers" || true

sort "$answers" | uniq -c | awk '
    { n += $1; bar = sprintf("%*s", $1 / 2, ""); gsub(" ", "#", bar)
      printf "  %-12s %4d  %s\n", $2, $1, bar }
    END { printf "  %-12s %4d\n", "answered", n }'
if [ "$(wc -l < "$answers")" -ne "$requests" ]; then
    die "not all requests were answered; see \"vagrant/lab status\""
fi

step "it works.  Look around (as root, in $PWD):"
cat <<EOF

  What is configured          vagrant/lab exec control slb-ctl get
  Which nodes run it          vagrant/lab exec control slb-ctl nodes
  A mux's tables              vagrant/lab exec mux1 ovs-appctl -t slb-vswitchd slb/show
  and its counters            vagrant/lab exec mux1 ovs-appctl -t slb-vswitchd slb/stats
  A host's OpenFlow           vagrant/lab exec host1 ovs-ofctl dump-flows br-slb
  and its connections         vagrant/lab exec host1 ovs-appctl dpctl/dump-conntrack
  The router's choice         vagrant/lab exec router ip route show $vip
  and its sessions            vagrant/lab exec router vtysh -c 'show bgp summary'
  Packets to mux1             vagrant/lab exec fabric tcpdump -ni mux1
  A request                   vagrant/lab exec client curl http://$vip/
  Break something             vagrant/lab kill mux1 slb-vswitchd
  and repair it               vagrant/lab up
  What runs                   vagrant/lab status
  The end                     vagrant/lab down

EOF
