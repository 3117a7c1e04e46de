# Multi-node labs.
EXTRA_DIST += vagrant/frr/mux.conf.in vagrant/frr/router.conf.in
EXTRA_DIST += \
	vagrant/lab \
	vagrant/nginx/vm.conf.in \
	vagrant/packages \
	vagrant/setup.sh \
	vagrant/slblab/__init__.py \
	vagrant/slblab/hugepages.py \
	vagrant/slblab/lab.py \
	vagrant/slblab/netns.py \
	vagrant/slblab/program.py \
	vagrant/slblab/roles.py \
	vagrant/slblab/system.py \
	vagrant/slblab/topology.py \
	vagrant/topology.yaml
