# Unit tests: one program a module, CUnit inside, TAP outside (unit/unit.h).
# A program needs an entry in UNIT_TESTS and its _SOURCES; what it links with
# beyond UNIT_LDADD goes into its _LDADD.
noinst_LTLIBRARIES += tests/unit/libunit.la
tests_unit_libunit_la_SOURCES = tests/unit/unit.c tests/unit/unit.h
tests_unit_libunit_la_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_unit_libunit_la_LIBADD = $(CUNIT_LIBS)
UNIT_LDADD = tests/unit/libunit.la lib/libslb.la $(OVSLIB) $(OVS_LIBS)

UNIT_TESTS = \
	tests/unit/test-steering
check_PROGRAMS += $(UNIT_TESTS)

tests_unit_test_steering_SOURCES = tests/unit/test-steering.c
tests_unit_test_steering_LDADD = $(UNIT_LDADD)

# The mux datapath.
MUX_LDADD = ovs-ext/libslbmux.la $(UNIT_LDADD)
MUX_UNIT = tests/unit/mux-unit.c tests/unit/mux-unit.h

UNIT_TESTS += tests/unit/test-slb-hash
tests_unit_test_slb_hash_SOURCES = tests/unit/test-slb-hash.c
tests_unit_test_slb_hash_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-huge
tests_unit_test_huge_SOURCES = tests/unit/test-huge.c
tests_unit_test_huge_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-maglev
tests_unit_test_maglev_SOURCES = tests/unit/test-maglev.c
tests_unit_test_maglev_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-outbound
tests_unit_test_outbound_SOURCES = tests/unit/test-outbound.c
tests_unit_test_outbound_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-mux-table
tests_unit_test_mux_table_SOURCES = tests/unit/test-mux-table.c $(MUX_UNIT)
tests_unit_test_mux_table_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-node
tests_unit_test_mux_node_SOURCES = tests/unit/test-mux-node.c
tests_unit_test_mux_node_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_node_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-snat
tests_unit_test_mux_snat_SOURCES = tests/unit/test-mux-snat.c $(MUX_UNIT)
tests_unit_test_mux_snat_LDADD = $(MUX_LDADD)
UNIT_TESTS += tests/unit/test-mux-threads
tests_unit_test_mux_threads_SOURCES = \
	tests/unit/test-mux-threads.c \
	tests/unit/mux-random.c tests/unit/mux-random.h
tests_unit_test_mux_threads_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_threads_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-forward
tests_unit_test_mux_forward_SOURCES = \
	tests/unit/test-mux-forward.c $(MUX_UNIT)
tests_unit_test_mux_forward_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_forward_LDADD = $(MUX_LDADD)
# slb-agent on a mux.
AGENT_LDADD = controller/agent/libagent.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-neighbour
tests_unit_test_neighbour_SOURCES = tests/unit/test-neighbour.c
tests_unit_test_neighbour_LDADD = $(AGENT_LDADD)

check_PROGRAMS += tests/system/agent/neighbour-watch
tests_system_agent_neighbour_watch_SOURCES = \
	tests/system/agent/neighbour-watch.c
tests_system_agent_neighbour_watch_LDADD = $(AGENT_LDADD)
check_PROGRAMS += tests/system/agent/flood
tests_system_agent_flood_SOURCES = tests/system/agent/flood.c
tests_system_agent_flood_LDADD = $(UNIT_LDADD)
# Tests in bash, run by prove(1).
EXTRA_DIST += \
	tests/lib/slb-db.sh \
	tests/lib/stalls.py \
	tests/lib/tap.sh \
	tests/system/run-tests.t \
	tests/system/tap.t
# Whole-lab scenarios, and what runtests.sh runs them with.
EXTRA_DIST += \
	tests/lib/lab.sh \
	tests/lib/db-times.py \
	tests/lib/packets.py \
	tests/lib/requests.py \
	tests/lib/run-tests \
	tests/lib/talk.sh \
	tests/lib/traffic.sh \
	tests/lib/whoami.py \
	tests/system/access.t \
	tests/system/announce.t \
	tests/system/availability.t \
	tests/system/broken-yaml.t \
	tests/system/client-address.t \
	tests/system/direct-return.t \
	tests/system/distribution.t \
	tests/system/internal.t \
	tests/system/examples.t \
	tests/system/features.t \
	tests/system/fragments.t \
	tests/system/ha-ports.t \
	tests/system/kill-agent.t \
	tests/system/kill-bgpd.t \
	tests/system/kill-database.t \
	tests/system/kill-manager.t \
	tests/system/kill-vswitchd.t \
	tests/system/lab-half.t \
	tests/system/lab.t \
	tests/system/members.t \
	tests/system/no-rule.t \
	tests/system/path-mtu.t \
	tests/system/probes.t \
	tests/system/quickstart.t \
	tests/system/reset.t \
	tests/system/same-choice.t \
	tests/system/spoof.t \
	tests/system/stranger.t \
	tests/system/traceroute.t \
	tests/system/two-at-once.t \
	tests/system/udp.t \
	tests/system/zone-death.t
# "make check" builds the test programs; runtests.sh asks which ones to run.
.PHONY: print-unit-tests
print-unit-tests:
	@echo $(UNIT_TESTS)
# A source of packets for tests/bench/mux, to be preloaded: no part of any
# program, and shared libraries are disabled for those of libtool.
noinst_DATA = tests/bench/flows.so
CLEANFILES += tests/bench/flows.so
tests/bench/flows.so: $(srcdir)/tests/bench/flows.c
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && \
	$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(DPDK_CFLAGS) \
	  $(WARNING_CFLAGS) $(CFLAGS) -mssse3 -fPIC -shared -o $@ \
	  $(srcdir)/tests/bench/flows.c
# Benchmarks, and tests in Python, run by prove(1) as well.
check_PROGRAMS += tests/bench/maglev-build
tests_bench_maglev_build_SOURCES = tests/bench/maglev-build.c
tests_bench_maglev_build_LDADD = $(UNIT_LDADD)
EXTRA_DIST += \
	tests/bench/apply \
	tests/bench/flows.c \
	tests/bench/heartbeat \
	tests/bench/mux \
	tests/bench/probes \
	tests/bench/mux-tables \
	tests/bench/nft.py \
	tests/bench/ovn.py \
	tests/bench/peers \
	tests/bench/results.py \
	tests/bench/scale \
	tests/bench/taskclock.py \
	tests/bench/traffic.py \
	tests/lib/muxnode.py \
	tests/lib/tap.py \
	tests/system/ovs-ext/fairness.t \
	tests/system/ovs-ext/faults.t
EXTRA_DIST += \
	tests/system/agent/announce.t \
	tests/system/agent/availability.t \
	tests/system/agent/flood.t \
	tests/system/agent/mux.sh \
	tests/system/agent/neighbour.t \
	tests/system/agent/restart.t \
	tests/system/agent/talkers.t \
	tests/system/agent/vtep-prefixes.t \
	tests/system/agent/zones.t

# The definition language and slb-ctl.
UNIT_TESTS += \
	tests/unit/test-address \
	tests/unit/test-ctl-model \
	tests/unit/test-explain \
	tests/unit/test-yaml
tests_unit_test_address_SOURCES = tests/unit/test-address.c
tests_unit_test_address_LDADD = $(UNIT_LDADD)
tests_unit_test_ctl_model_SOURCES = tests/unit/test-ctl-model.c
tests_unit_test_ctl_model_LDADD = \
	controller/ctl/libctl.la yaml/libyamlslb.la $(UNIT_LDADD)
tests_unit_test_explain_SOURCES = tests/unit/test-explain.c
tests_unit_test_explain_LDADD = yaml/libyamlslb.la $(UNIT_LDADD)
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c
tests_unit_test_yaml_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_test_yaml_LDADD = yaml/libyamlslb.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-yaml-limits
tests_unit_test_yaml_limits_SOURCES = tests/unit/test-yaml-limits.c
tests_unit_test_yaml_limits_LDADD = yaml/libyamlslb.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-azure
tests_unit_test_azure_SOURCES = tests/unit/test-azure.c
tests_unit_test_azure_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_SRCDIR='"$(abs_top_srcdir)/tests/unit"'
tests_unit_test_azure_LDADD = yaml/libyamlslb.la $(UNIT_LDADD)
EXTRA_DIST += tests/unit/azure

# Pairs of wrong files and what is said about them, and files that are right;
# see system/ctl/errors.t.
EXTRA_DIST += tests/unit/yaml-errors tests/unit/yaml-good tests/system/ctl

# slb-manager
UNIT_TESTS += \
	tests/unit/test-assign \
	tests/unit/test-binding \
	tests/unit/test-claim \
	tests/unit/test-concern \
	tests/unit/test-cookie \
	tests/unit/test-generation \
	tests/unit/test-member-index \
	tests/unit/test-nat-ports \
	tests/unit/test-prepare \
	tests/unit/test-silence \
	tests/unit/test-slots \
	tests/unit/test-status \
	tests/unit/test-support \
	tests/unit/test-tunnel-key
MANAGER_UNIT_LDADD = controller/manager/libmanager.la $(UNIT_LDADD)
tests_unit_test_assign_SOURCES = tests/unit/test-assign.c
tests_unit_test_assign_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_binding_SOURCES = tests/unit/test-binding.c
tests_unit_test_binding_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_claim_SOURCES = tests/unit/test-claim.c
tests_unit_test_claim_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_concern_SOURCES = tests/unit/test-concern.c
tests_unit_test_concern_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_cookie_SOURCES = tests/unit/test-cookie.c
tests_unit_test_cookie_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_generation_SOURCES = tests/unit/test-generation.c
tests_unit_test_generation_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_member_index_SOURCES = tests/unit/test-member-index.c
tests_unit_test_member_index_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_nat_ports_SOURCES = tests/unit/test-nat-ports.c
tests_unit_test_nat_ports_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_prepare_SOURCES = tests/unit/test-prepare.c
tests_unit_test_prepare_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_silence_SOURCES = tests/unit/test-silence.c
tests_unit_test_silence_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_slots_SOURCES = tests/unit/test-slots.c
tests_unit_test_slots_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_status_SOURCES = tests/unit/test-status.c
tests_unit_test_status_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_support_SOURCES = tests/unit/test-support.c
tests_unit_test_support_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_tunnel_key_SOURCES = tests/unit/test-tunnel-key.c
tests_unit_test_tunnel_key_LDADD = $(MANAGER_UNIT_LDADD)
EXTRA_DIST += \
	tests/system/manager/access.t \
	tests/system/manager/addresses.t \
	tests/system/manager/astray.t \
	tests/system/manager/bounded.t \
	tests/system/manager/cluster.t \
	tests/system/manager/compile.t \
	tests/system/manager/database.t \
	tests/system/manager/fail-over.t \
	tests/system/manager/flips.t \
	tests/system/manager/garbage.t \
	tests/system/manager/generations.t \
	tests/system/manager/held-keys.t \
	tests/system/manager/lib.sh \
	tests/system/manager/members.t \
	tests/system/manager/move.t \
	tests/system/manager/nat.t \
	tests/system/manager/ports.t \
	tests/system/manager/random.t \
	tests/system/manager/slbdb \
	tests/system/manager/slbrandom \
	tests/system/manager/stages.t \
	tests/system/manager/wanted.t \
	tests/system/manager/yield.t
UNIT_TESTS += \
	tests/unit/test-announce \
	tests/unit/test-availability \
	tests/unit/test-fabric \
	tests/unit/test-mux-feed \
	tests/unit/test-mux-tables \
	tests/unit/test-talkers
tests_unit_test_announce_SOURCES = tests/unit/test-announce.c
tests_unit_test_announce_LDADD = $(AGENT_LDADD)
tests_unit_test_availability_SOURCES = tests/unit/test-availability.c
tests_unit_test_availability_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_availability_LDADD = $(AGENT_LDADD)
tests_unit_test_fabric_SOURCES = tests/unit/test-fabric.c
tests_unit_test_fabric_LDADD = $(AGENT_LDADD)
tests_unit_test_mux_feed_SOURCES = tests/unit/test-mux-feed.c
tests_unit_test_mux_feed_LDADD = $(AGENT_LDADD)
tests_unit_test_mux_tables_SOURCES = tests/unit/test-mux-tables.c
tests_unit_test_mux_tables_LDADD = $(AGENT_LDADD)
tests_unit_test_talkers_SOURCES = tests/unit/test-talkers.c
tests_unit_test_talkers_LDADD = $(AGENT_LDADD)
# slb-agent on a host.
UNIT_TESTS += tests/unit/test-idle
tests_unit_test_idle_SOURCES = tests/unit/test-idle.c
tests_unit_test_idle_LDADD = $(AGENT_LDADD)
UNIT_TESTS += tests/unit/test-stale
tests_unit_test_stale_SOURCES = tests/unit/test-stale.c
tests_unit_test_stale_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_stale_LDADD = \
	controller/agent/libagent.la ofproto-rules/librules.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-meter
tests_unit_test_meter_SOURCES = tests/unit/test-meter.c
tests_unit_test_meter_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_meter_LDADD = \
	controller/agent/libagent.la ofproto-rules/librules.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-reset
tests_unit_test_reset_SOURCES = tests/unit/test-reset.c
tests_unit_test_reset_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_reset_LDADD = \
	controller/agent/libagent.la ofproto-rules/librules.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-pipeline
tests_unit_test_pipeline_SOURCES = tests/unit/test-pipeline.c
tests_unit_test_pipeline_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_SRCDIR='"$(abs_top_srcdir)/tests/unit"'
tests_unit_test_pipeline_LDADD = ofproto-rules/librules.la $(UNIT_LDADD)
EXTRA_DIST += \
	tests/unit/pipeline-host.flows \
	tests/unit/pipeline-mux-empty.flows \
	tests/unit/pipeline-mux.flows
EXTRA_DIST += \
	tests/system/host/availability.t \
	tests/system/host/change.t \
	tests/system/host/floating-ip.t \
	tests/system/host/fragments.t \
	tests/system/host/ha-ports.t \
	tests/system/host/host.sh \
	tests/system/host/idle-database.t \
	tests/system/host/idle-old.t \
	tests/system/host/idle.t \
	tests/system/host/inbound.t \
	tests/system/host/internal.t \
	tests/system/host/mux-answers.t \
	tests/system/host/net.py \
	tests/system/host/own-rows.t \
	tests/system/host/reset.t \
	tests/system/host/restart.t \
	tests/system/host/ring.t \
	tests/system/host/shared-port.t \
	tests/system/host/stale.t \
	tests/system/host/stranger.t \
	tests/system/host/trace.t \
	tests/system/host/vm.t
EXTRA_DIST += \
	tests/lib/measured-host.py \
	tests/lib/mux-client.py \
	tests/fixtures/mux/answers.txt \
	tests/fixtures/mux/drops.txt \
	tests/fixtures/mux/errors.txt \
	tests/fixtures/mux/forward.txt \
	tests/fixtures/mux/fragments.txt \
	tests/fixtures/mux/snat.txt \
	tests/fixtures/mux/tables.json \
	tests/fixtures/mux/tunnel.txt \
	tests/lib/muxdummy.py \
	tests/lib/slbhash.py \
	tests/system/ovs-ext/bench.t \
	tests/system/ovs-ext/fixtures.t \
	tests/system/ovs-ext/forward.t \
	tests/system/ovs-ext/protocol.t \
	tests/system/ovs-ext/snat.t

# A source of packets that does not wait, for tests/bench/fairness.
check_PROGRAMS += tests/bench/frame-source
tests_bench_frame_source_SOURCES = tests/bench/frame-source.c
tests_bench_frame_source_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_bench_frame_source_LDADD = $(OVSLIB) $(OVS_LIBS)
EXTRA_DIST += tests/bench/fairness
UNIT_TESTS += tests/unit/test-mux-fair
tests_unit_test_mux_fair_SOURCES = tests/unit/test-mux-fair.c $(MUX_UNIT)
tests_unit_test_mux_fair_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_fair_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-fair-overload
tests_unit_test_mux_fair_overload_SOURCES = \
	tests/unit/test-mux-fair-overload.c $(MUX_UNIT)
tests_unit_test_mux_fair_overload_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_fair_overload_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-fair-forward
tests_unit_test_mux_fair_forward_SOURCES = \
	tests/unit/test-mux-fair-forward.c $(MUX_UNIT)
tests_unit_test_mux_fair_forward_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_fair_forward_LDADD = $(MUX_LDADD)

# Health probes.
UNIT_TESTS += \
	tests/unit/test-probe-engine \
	tests/unit/test-probe-state \
	tests/unit/test-probe-token
tests_unit_test_probe_engine_SOURCES = tests/unit/test-probe-engine.c
tests_unit_test_probe_engine_LDADD = $(AGENT_LDADD)
tests_unit_test_probe_state_SOURCES = tests/unit/test-probe-state.c
tests_unit_test_probe_state_LDADD = $(AGENT_LDADD)
tests_unit_test_probe_token_SOURCES = tests/unit/test-probe-token.c
tests_unit_test_probe_token_LDADD = $(AGENT_LDADD)
EXTRA_DIST += \
	tests/system/host/flap.py \
	tests/system/host/flapping.t \
	tests/system/host/heartbeat.t \
	tests/system/host/probe.sh \
	tests/system/host/probe.t \
	tests/system/host/probe-kill.t \
	tests/system/host/probe-servers.t \
	tests/system/manager/probe.t \
	tests/system/manager/silent.t
EXTRA_DIST += \
	tests/system/ovs-ext/builds-agree.t \
	tests/system/ovs-ext/builds.mk \
	tests/system/ovs-ext/owners.c \
	tests/system/ovs-ext/port-stats.t \
	tests/system/ovs-ext/threads.t
mostlyclean-local: clean-builds
.PHONY: clean-builds
clean-builds:
	rm -rf tests/system/ovs-ext/builds
