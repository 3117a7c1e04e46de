# Manager, agent, command line tool and the database's schema.
pkgdata_DATA += controller/slb.ovsschema
EXTRA_DIST += controller/slb.ovsschema

include controller/ctl/automake.mk
include controller/manager/automake.mk
include controller/agent/automake.mk
