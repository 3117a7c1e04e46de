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

#include "controller/agent/ct-timeout.h"

#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "controller/agent/agent.h"
#include "controller/agent/ct-zone.h"
#include "controller/agent/idle.h"
#include "lib/vswitch-idl.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "simap.h"
#include "smap.h"
#include "sset.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(ct_timeout);

#define SECONDS_KEY "slb-idle"
#define UNUSED_KEY "slb-unused-since"
#define N_ZONES (UINT16_MAX + 1)

/* What next_cfg was set to by the last change; negative before the first look,
 * as an earlier agent may have died before the switch knew of its last one. */
static int64_t awaited_cfg = -1;

void
ct_timeouts_init(struct agent *agent)
{
    struct ovsdb_idl *idl = agent->ovs_idl;
    const struct ovsdb_idl_column *quiet[] = {
        &ovsrec_open_vswitch_col_next_cfg,
        &ovsrec_open_vswitch_col_cur_cfg,
        &ovsrec_open_vswitch_col_datapaths,
        &ovsrec_datapath_col_ct_zones,
        &ovsrec_datapath_col_capabilities,
        &ovsrec_ct_zone_col_external_ids,
        &ovsrec_ct_zone_col_timeout_policy,
        &ovsrec_ct_timeout_policy_col_external_ids,
        &ovsrec_ct_timeout_policy_col_timeouts,
    };

    ovsdb_idl_add_table(idl, &ovsrec_table_datapath);
    ovsdb_idl_add_table(idl, &ovsrec_table_ct_zone);
    ovsdb_idl_add_table(idl, &ovsrec_table_ct_timeout_policy);

    /* No flow depends on these. */
    for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
        ovsdb_idl_add_column(idl, quiet[i]);
        ovsdb_idl_omit_alert(idl, quiet[i]);
    }
}

/* Returns the time that 'zone' is for, 0 if it is not ours. */
static unsigned int
zone_seconds(const struct ovsrec_ct_zone *zone)
{
    const char *text = smap_get(&zone->external_ids, SECONDS_KEY);
    unsigned int seconds;

    return (text && str_to_uint(text, 10, &seconds) && seconds <= UINT16_MAX
            ? seconds : 0);
}

static bool
is_supported(const struct agent *agent)
{
    static bool complained;

    if (ovsrec_server_has_ct_zone_table(agent->ovs_idl)) {
        return true;
    }
    if (!complained) {
        VLOG_WARN("this Open vSwitch has no time-out policies: connections "
                  "that are idle are kept as long as its conntrack does, not "
                  "as long as rules say");
        complained = true;
    }
    return false;
}

/* The switch says what its datapaths can do. */
static void
check_capability(const struct ovsrec_datapath *dp, const char *type)
{
    static bool complained;

    if (!complained && !smap_get_bool(&dp->capabilities, "ct_timeout", true)) {
        VLOG_WARN("datapath \"%s\" has no time-out policies: connections that "
                  "are idle are kept as long as its conntrack does, not as "
                  "long as rules say", type);
        complained = true;
    }
}

static char *
own_zone(unsigned int seconds)
{
    return xasprintf("idle-%u", seconds);
}

/* Returns the times of 'rules', as a bitmap. */
static unsigned long *
used_times(const struct simap *rules)
{
    unsigned long *used = bitmap_allocate(UINT16_MAX + 1);
    const struct simap_node *node;

    SIMAP_FOR_EACH (node, rules) {
        bitmap_set1(used, node->data);
    }
    return used;
}

/* Adds the names of the zones that hold policies, those of 'rules' and those
 * that are kept for a while, to 'zones'.  'rules' maps from a zone's name to
 * its time. */
void
ct_timeouts_add_zones(const struct agent *agent, const struct simap *rules,
                      struct sset *zones)
{
    if (!is_supported(agent)) {
        return;
    }

    unsigned long *used = used_times(rules);
    size_t seconds;
    BITMAP_FOR_EACH_1 (seconds, UINT16_MAX + 1, used) {
        sset_add_and_free(zones, own_zone(seconds));
    }
    bitmap_free(used);

    const struct ovsrec_ct_zone *zone;
    OVSREC_CT_ZONE_FOR_EACH (zone, agent->ovs_idl) {
        long long int since = smap_get_ullong(&zone->external_ids, UNUSED_KEY,
                                              time_wall());

        seconds = zone_seconds(zone);
        if (seconds && !idle_is_over(since, time_wall())) {
            sset_add_and_free(zones, own_zone(seconds));
        }
    }
}

/* The key of the datapath of 'bridge' in Open_vSwitch:datapaths. */
static const char *
datapath_type(const struct ovsrec_bridge *bridge)
{
    return bridge->datapath_type[0] ? bridge->datapath_type : "system";
}

static const struct ovsrec_datapath *
find_datapath(const struct agent *agent, const char *type)
{
    for (size_t i = 0; i < agent->ovs->n_datapaths; i++) {
        if (!strcmp(agent->ovs->key_datapaths[i], type)) {
            return agent->ovs->value_datapaths[i];
        }
    }
    return NULL;
}

/* Stores in 'zones' the numbers that somebody else has a policy for. */
void
ct_timeouts_foreign(const struct agent *agent,
                    const struct ovsrec_bridge *bridge, unsigned long *zones)
{
    const struct ovsrec_datapath *dp = find_datapath(agent,
                                                     datapath_type(bridge));

    for (size_t i = 0; dp && i < dp->n_ct_zones; i++) {
        if (!zone_seconds(dp->value_ct_zones[i])) {
            bitmap_set1(zones, dp->key_ct_zones[i]);
        }
    }
}

static bool
policy_equals(const struct ovsrec_ct_timeout_policy *policy,
              const struct idle_time times[IDLE_N_TIMES])
{
    size_t n = 0;

    for (size_t i = 0; i < IDLE_N_TIMES; i++) {
        for (size_t j = 0; j < policy->n_timeouts; j++) {
            n += (!strcmp(policy->key_timeouts[j], times[i].key)
                  && policy->value_timeouts[j] == times[i].seconds);
        }
    }
    return n == IDLE_N_TIMES && n == policy->n_timeouts;
}

/* Has 'zone' have the policy of its time.  Returns true if that takes a
 * change. */
static bool
ensure_policy(struct agent *agent, const struct ovsrec_ct_zone *zone,
              unsigned int seconds)
{
    const struct ovsrec_ct_timeout_policy *policy = zone->timeout_policy;
    struct idle_time times[IDLE_N_TIMES];
    const char *keys[IDLE_N_TIMES];
    int64_t values[IDLE_N_TIMES];

    idle_times(seconds, times);
    if (policy && policy_equals(policy, times)) {
        return false;
    }
    if (!agent->ovs_txn) {
        return true;
    }
    if (!policy) {
        policy = ovsrec_ct_timeout_policy_insert(agent->ovs_txn);
        ovsrec_ct_timeout_policy_set_external_ids(policy, &zone->external_ids);
        ovsrec_ct_zone_set_timeout_policy(zone, policy);
    }
    for (size_t i = 0; i < IDLE_N_TIMES; i++) {
        keys[i] = times[i].key;
        values[i] = times[i].seconds;
    }
    ovsrec_ct_timeout_policy_set_timeouts(policy, keys, values, IDLE_N_TIMES);
    return true;
}

static const struct ovsrec_ct_zone *
insert_zone(struct agent *agent, unsigned int seconds)
{
    const struct ovsrec_ct_zone *zone = ovsrec_ct_zone_insert(agent->ovs_txn);
    struct smap ids = SMAP_INITIALIZER(&ids);

    smap_add_format(&ids, SECONDS_KEY, "%u", seconds);
    ovsrec_ct_zone_set_external_ids(zone, &ids);
    smap_destroy(&ids);
    return zone;
}

/* Notes since when no rule uses 'zone'. */
static void
update_use(struct agent *agent, const struct ovsrec_ct_zone *zone, bool used)
{
    if (!agent->ovs_txn
        || used != !!smap_get(&zone->external_ids, UNUSED_KEY)) {
        return;
    }
    if (used) {
        ovsrec_ct_zone_update_external_ids_delkey(zone, UNUSED_KEY);
    } else {
        char *now = xasprintf("%lld", (long long int) time_wall());

        ovsrec_ct_zone_update_external_ids_setkey(zone, UNUSED_KEY, now);
        free(now);
    }
}

/* Puts our rows right, and stores them in 'rows' by their time, as text.
 * Returns true if that takes a change that the switch has to know of. */
static bool
update_rows(struct agent *agent, const unsigned long *used, struct shash *rows)
{
    const struct ovsrec_ct_zone *zone;
    bool changed = false;

    OVSREC_CT_ZONE_FOR_EACH (zone, agent->ovs_idl) {
        unsigned int seconds = zone_seconds(zone);

        if (seconds) {
            update_use(agent, zone, bitmap_is_set(used, seconds));
            changed |= ensure_policy(agent, zone, seconds);
            shash_add_once(rows, smap_get(&zone->external_ids, SECONDS_KEY),
                           zone);
        }
    }
    return changed;
}

/* Stores in 'times' the time of the zone that holds the policy of 'seconds',
 * if it has a number. */
static void
number_own_time(const struct ovsrec_bridge *bridge, unsigned int seconds,
                uint16_t times[N_ZONES])
{
    char *own = own_zone(seconds);

    times[ct_zone_get(bridge, own)] = seconds;
    free(own);
}

/* Stores in 'times', by number, the time of each zone that 'bridge' has given
 * one to. */
static void
number_times(const struct ovsrec_bridge *bridge, const struct simap *rules,
             const unsigned long *used, const struct shash *rows,
             uint16_t times[N_ZONES])
{
    const struct simap_node *rule;
    SIMAP_FOR_EACH (rule, rules) {
        times[ct_zone_get(bridge, rule->name)] = rule->data;
    }

    size_t seconds;
    BITMAP_FOR_EACH_1 (seconds, UINT16_MAX + 1, used) {
        number_own_time(bridge, seconds, times);
    }

    const struct shash_node *row;
    SHASH_FOR_EACH (row, rows) {
        number_own_time(bridge, zone_seconds(row->data), times);
    }

    /* That is where those without a number have gone. */
    times[0] = 0;
}

static void
set_zone(struct agent *agent, const struct ovsrec_datapath *dp,
         uint16_t number, unsigned int seconds, struct shash *rows)
{
    char *text = xasprintf("%u", seconds);
    const struct ovsrec_ct_zone *zone = shash_find_data(rows, text);

    if (!zone) {
        zone = insert_zone(agent, seconds);
        ensure_policy(agent, zone, seconds);
        shash_add(rows, text, zone);
    }
    ovsrec_datapath_update_ct_zones_setkey(dp, number, zone);
    free(text);
}

/* Has the zones of 'dp' have 'times', which becomes all 0 but for what is to
 * be changed.  Returns true if there is something to be changed. */
static bool
update_zones(struct agent *agent, const struct ovsrec_datapath *dp,
             uint16_t times[N_ZONES], struct shash *rows)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    bool changed = false;
    for (size_t i = 0; i < dp->n_ct_zones; i++) {
        uint16_t number = dp->key_ct_zones[i];
        unsigned int seconds = zone_seconds(dp->value_ct_zones[i]);

        if (!seconds) {
            if (times[number]) {
                VLOG_WARN_RL(&rl, "conntrack zone %"PRIu16" is ours, and "
                             "somebody else has a time-out policy for it",
                             number);
            }
            times[number] = 0;
        } else if (!times[number]) {
            changed = true;
            if (agent->ovs_txn) {
                ovsrec_datapath_update_ct_zones_delkey(dp, number);
            }
        } else if (times[number] == seconds) {
            times[number] = 0;
        }
    }
    for (unsigned int number = 0; number < N_ZONES; number++) {
        if (times[number]) {
            changed = true;
            if (agent->ovs_txn) {
                set_zone(agent, dp, number, times[number], rows);
            }
        }
    }
    return changed;
}

/* Our zones are in 'dp', the datapath of our bridge, and in no other one. */
static bool
update_datapaths(struct agent *agent, const struct ovsrec_datapath *dp,
                 uint16_t times[N_ZONES], struct shash *rows)
{
    uint16_t *none = xcalloc(N_ZONES, sizeof *none);
    bool changed = update_zones(agent, dp, times, rows);

    for (size_t i = 0; i < agent->ovs->n_datapaths; i++) {
        const struct ovsrec_datapath *other = agent->ovs->value_datapaths[i];

        if (other != dp) {
            changed |= update_zones(agent, other, none, rows);
        }
    }
    free(none);
    return changed;
}

/* Has the switch taken notice of the last change? */
static bool
in_force(const struct agent *agent)
{
    if (awaited_cfg < 0) {
        awaited_cfg = agent->ovs->next_cfg;
    }
    if (agent->ovs_txn && agent->ovs->next_cfg < awaited_cfg) {
        /* It was refused by the database, or that is another one now. */
        awaited_cfg = 0;
    }
    return agent->ovs->cur_cfg >= awaited_cfg;
}

static void
set_datapath(struct agent *agent, const char *type)
{
    if (agent->ovs_txn) {
        VLOG_INFO("adding datapath %s to the database", type);
        ovsrec_open_vswitch_update_datapaths_setkey(
            agent->ovs, type, ovsrec_datapath_insert(agent->ovs_txn));
    }
}

/* Gives the zones of 'bridge' the policies of 'rules', which maps from a
 * zone's name to its time.  Returns true if the switch has them. */
bool
ct_timeouts_run(struct agent *agent, const struct ovsrec_bridge *bridge,
                const struct simap *rules)
{
    if (!is_supported(agent)) {
        return true;
    }

    const char *type = datapath_type(bridge);
    const struct ovsrec_datapath *dp = find_datapath(agent, type);
    if (!dp) {
        set_datapath(agent, type);
        return false;
    }
    check_capability(dp, type);

    unsigned long *used = used_times(rules);
    uint16_t *times = xcalloc(N_ZONES, sizeof *times);
    struct shash rows = SHASH_INITIALIZER(&rows);
    bool changed = update_rows(agent, used, &rows);
    number_times(bridge, rules, used, &rows, times);
    changed |= update_datapaths(agent, dp, times, &rows);
    shash_destroy(&rows);
    free(times);
    bitmap_free(used);

    if (changed && agent->ovs_txn) {
        ovsdb_idl_txn_increment(agent->ovs_txn, &agent->ovs->header_,
                                &ovsrec_open_vswitch_col_next_cfg, false);
        awaited_cfg = agent->ovs->next_cfg + 1;
    }
    return !changed && in_force(agent);
}
