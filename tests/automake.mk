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
	tests/lib/slb-db.sh \
	tests/lib/tap.sh \
	tests/system/tap.t

# The definition language and slb-ctl.
UNIT_TESTS += \
	tests/unit/test-address \
	tests/unit/test-ctl-model \
	tests/unit/test-yaml
tests_unit_test_address_SOURCES = tests/unit/test-address.c
tests_unit_test_address_LDADD = $(UNIT_LDADD)
tests_unit_test_ctl_model_SOURCES = tests/unit/test-ctl-model.c
tests_unit_test_ctl_model_LDADD = \
	controller/ctl/libctl.la yaml/libyamlslb.la $(UNIT_LDADD)
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c
tests_unit_test_yaml_LDADD = yaml/libyamlslb.la $(UNIT_LDADD)

# Pairs of wrong files and what is said about them; see system/ctl/errors.t.
EXTRA_DIST += tests/unit/yaml-errors tests/system/ctl
