# Multi-node labs.
EXTRA_DIST += vagrant/frr/mux.conf.in vagrant/frr/router.conf.in
