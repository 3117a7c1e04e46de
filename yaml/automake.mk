# The definition language.
noinst_LTLIBRARIES += yaml/libyamlslb.la
yaml_libyamlslb_la_SOURCES = \
	yaml/slb-azure.c \
	yaml/slb-azure.h \
	yaml/slb-azure-frontend.c \
	yaml/slb-azure-ids.c \
	yaml/slb-azure-ids.h \
	yaml/slb-azure-lb.c \
	yaml/slb-azure-map.c \
	yaml/slb-azure-map.h \
	yaml/slb-azure-nat.c \
	yaml/slb-azure-pool.c \
	yaml/slb-azure-private.h \
	yaml/slb-azure-ref.c \
	yaml/slb-azure-rule.c \
	yaml/slb-comments.c \
	yaml/slb-comments.h \
	yaml/slb-diff.c \
	yaml/slb-diff.h \
	yaml/slb-errors.c \
	yaml/slb-errors.h \
	yaml/slb-explain.c \
	yaml/slb-explain.h \
	yaml/slb-json-schema.c \
	yaml/slb-json-schema.h \
	yaml/slb-index.c \
	yaml/slb-index.h \
	yaml/slb-model.c \
	yaml/slb-model.h \
	yaml/slb-parse.c \
	yaml/slb-parse.h \
	yaml/slb-print.c \
	yaml/slb-print.h \
	yaml/slb-schema.c \
	yaml/slb-schema.h \
	yaml/slb-text.c \
	yaml/slb-text.h \
	yaml/slb-validate-frontend.c \
	yaml/slb-validate-machine.c \
	yaml/slb-validate-names.c \
	yaml/slb-validate-network.c \
	yaml/slb-validate-outbound.c \
	yaml/slb-validate-pool.c \
	yaml/slb-validate-port.c \
	yaml/slb-validate-private.h \
	yaml/slb-validate-rule.c \
	yaml/slb-validate.c \
	yaml/slb-validate.h \
	yaml/slb-yaml.c \
	yaml/slb-yaml.h
yaml_libyamlslb_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
yaml_libyamlslb_la_LIBADD = $(YAML_LIBS)

EXTRA_DIST += \
	yaml/examples/azure.ids.yaml \
	yaml/examples/azure.json \
	yaml/examples/dns.yaml \
	yaml/examples/ha-ports.yaml \
	yaml/examples/health.yaml \
	yaml/examples/ipv6.yaml \
	yaml/examples/nat.yaml \
	yaml/examples/outbound.yaml \
	yaml/examples/three-tiers.yaml \
	yaml/examples/web.yaml \
	yaml/examples/zones.yaml

# For editors.  It is made of the table that the parser reads by, after changes
# of which it has to be made again: "make schema".
pkgdata_DATA += yaml/slb.schema.json
EXTRA_DIST += yaml/slb.schema.json
.PHONY: schema
schema: controller/slb-ctl
	$(AM_V_GEN)controller/slb-ctl schema >yaml/slb.schema.json.tmp && \
	mv yaml/slb.schema.json.tmp $(srcdir)/yaml/slb.schema.json
