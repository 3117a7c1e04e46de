/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */

#include <config.h>

#include "controller/agent/ct-zone.h"

#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "controller/agent/agent.h"
#include "controller/agent/ct-timeout.h"
#include "controller/agent/ofctrl.h"
#include "lib/vswitch-idl.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "simap.h"
#include "smap.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(ct_zone);

#define PREFIX "slb-ct-zone-"
#define MAX_ZONE UINT16_MAX

/* Numbers that were chosen, but are not in the database yet. */
static struct simap pending = SIMAP_INITIALIZER(&pending);

/* The number given last. */
static uint16_t last_zone;

void
ct_zones_init(struct agent *agent)
{
    ovsdb_idl_add_column(agent->ovs_idl, &ovsrec_bridge_col_external_ids);
}

void
ct_zones_destroy(void)
{
    simap_destroy(&pending);
}

static uint16_t
parse_zone(const char *text)
{
    unsigned int zone;

    return str_to_uint(text, 10, &zone) && zone <= MAX_ZONE ? zone : 0;
}

/* Returns the zone of 'name', 0 if it has none (yet). */
uint16_t
ct_zone_get(const struct ovsrec_bridge *bridge, const char *name)
{
    char *key = xasprintf(PREFIX"%s", name);
    const char *text = smap_get(&bridge->external_ids, key);

    free(key);
    return text ? parse_zone(text) : 0;
}

static uint16_t
choose_zone(unsigned long *used)
{
    for (int i = 0; i < MAX_ZONE; i++) {
        last_zone = last_zone == MAX_ZONE ? 1 : last_zone + 1;
        if (!bitmap_is_set(used, last_zone)) {
            bitmap_set1(used, last_zone);
            return last_zone;
        }
    }
    return 0;
}

/* Gives a number to each name in 'wanted', and takes those of others back. */
enum ct_zones_state
ct_zones_run(struct agent *agent, const struct ovsrec_bridge *bridge,
             const struct sset *wanted)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    unsigned long *used = bitmap_allocate(MAX_ZONE + 1);
    struct smap_node *node;
    enum ct_zones_state state = CT_ZONES_READY;

    /* What is in the database is so, unless it is nonsense. */
    SMAP_FOR_EACH (node, &bridge->external_ids) {
        if (strncmp(node->key, PREFIX, strlen(PREFIX))) {
            continue;
        }

        const char *name = node->key + strlen(PREFIX);
        uint16_t zone = parse_zone(node->value);
        bool valid = zone && !bitmap_is_set(used, zone);
        if (valid) {
            bitmap_set1(used, zone);
            simap_find_and_delete(&pending, name);
        }
        if (!valid || !sset_contains(wanted, name)) {
            if (agent->ovs_txn) {
                ovsrec_bridge_update_external_ids_delkey(bridge, node->key);
            }
        }
    }

    struct simap_node *p;
    SIMAP_FOR_EACH_SAFE (p, &pending) {
        if (sset_contains(wanted, p->name)) {
            bitmap_set1(used, p->data);
        } else {
            simap_delete(&pending, p);
        }
    }

    ct_timeouts_foreign(agent, bridge, used);
    const char *name;
    SSET_FOR_EACH (name, wanted) {
        if (!simap_contains(&pending, name) && !ct_zone_get(bridge, name)) {
            uint16_t zone = choose_zone(used);
            if (!zone) {
                /* Nor is there one for the next. */
                VLOG_ERR_RL(&rl, "no conntrack zone is left for %s", name);
                state = CT_ZONES_SHORT;
                break;
            }
            simap_put(&pending, name, zone);
            ofctrl_flush_zone(agent->ofctrl, zone);
        }
    }
    bitmap_free(used);

    if (!simap_is_empty(&pending)) {
        state = CT_ZONES_PENDING;
        if (agent->ovs_txn && ofctrl_zones_flushed(agent->ofctrl)) {
            SIMAP_FOR_EACH (p, &pending) {
                char *key = xasprintf(PREFIX"%s", p->name);
                char *value = xasprintf("%u", p->data);

                ovsrec_bridge_update_external_ids_setkey(bridge, key, value);
                free(key);
                free(value);
            }
        }
    }
    return state;
}
