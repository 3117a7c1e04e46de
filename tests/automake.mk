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

# Tests in bash, run by prove(1).
EXTRA_DIST += \
	tests/lib/tap.sh \
	tests/system/tap.t

# slb-manager
UNIT_TESTS += \
	tests/unit/test-manager-address \
	tests/unit/test-binding \
	tests/unit/test-concern \
	tests/unit/test-cookie \
	tests/unit/test-generation \
	tests/unit/test-member-index \
	tests/unit/test-prepare \
	tests/unit/test-slots \
	tests/unit/test-tunnel-key
MANAGER_UNIT_LDADD = controller/manager/libmanager.la $(UNIT_LDADD)
tests_unit_test_manager_address_SOURCES = tests/unit/test-manager-address.c
tests_unit_test_manager_address_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_binding_SOURCES = tests/unit/test-binding.c
tests_unit_test_binding_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_concern_SOURCES = tests/unit/test-concern.c
tests_unit_test_concern_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_cookie_SOURCES = tests/unit/test-cookie.c
tests_unit_test_cookie_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_generation_SOURCES = tests/unit/test-generation.c
tests_unit_test_generation_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_member_index_SOURCES = tests/unit/test-member-index.c
tests_unit_test_member_index_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_prepare_SOURCES = tests/unit/test-prepare.c
tests_unit_test_prepare_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_slots_SOURCES = tests/unit/test-slots.c
tests_unit_test_slots_LDADD = $(MANAGER_UNIT_LDADD)
tests_unit_test_tunnel_key_SOURCES = tests/unit/test-tunnel-key.c
tests_unit_test_tunnel_key_LDADD = $(MANAGER_UNIT_LDADD)
EXTRA_DIST += \
	tests/system/manager/cluster.t \
	tests/system/manager/compile.t \
	tests/system/manager/database.t \
	tests/system/manager/fail-over.t \
	tests/system/manager/garbage.t \
	tests/system/manager/generations.t \
	tests/system/manager/lib.sh \
	tests/system/manager/ports.t \
	tests/system/manager/slbdb \
	tests/system/manager/wanted.t
