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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "lib/steering.h"
#include "nx-match.h"
#include "ofproto-rules/flow-table.h"
#include "ofproto-rules/host.h"
#include "ofproto-rules/mux.h"
#include "ofproto-rules/pipeline.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/unit.h"
#include "util.h"

/* The flows of a small host and of a mux as text, in tests/unit/.  Set
 * UPDATE_GOLDEN=1 to write what comes out, then read the difference. */

static struct in6_addr
address(const char *text)
{
    struct in6_addr addr;
    ovs_be32 ip;

    if (ip_parse(text, &ip)) {
        in6_addr_set_mapped_ipv4(&addr, ip);
    } else {
        CU_ASSERT_TRUE_FATAL(ipv6_parse(text, &addr));
    }
    return addr;
}

static ovs_be32
vtep(const char *text)
{
    ovs_be32 ip;

    CU_ASSERT_TRUE_FATAL(ip_parse(text, &ip));
    return ip;
}

/* A host with three VMs, one of them with two addresses, in one network and
 * two pools, of which one has IPv6.  Some rules have floating IP: two with the
 * same port of different VIPs, two of one VIP, one that has another rule's
 * VIP, and one for IPv6.  Some VIPs are addresses in the network; of those,
 * three are for all ports, one with floating IP and one of IPv6. */
struct fixture {
    struct host_vm vms[4];
    struct host_location locations[2];
    struct in6_addr gateways[2];
    struct host_prefix subnets[2];
    struct in6_addr vips[2];
    struct host_network networks[1];
    struct host_member members[5], members6[2];
    struct host_endpoint endpoints[12], endpoints6[4];
    struct host_pool pools[2];
    ovs_be32 peers[3];
    ovs_be32 muxes[1];
    struct host_probe probes[3];
    struct host_rules rules;
};

static void
fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->vms[0] = (struct host_vm) {
        1, address("10.0.1.4"), ETH_ADDR_C(02,00,00,00,00,04), 4 };
    f->vms[1] = (struct host_vm) {
        1, address("10.0.1.5"), ETH_ADDR_C(02,00,00,00,00,05), 5 };
    f->vms[2] = (struct host_vm) {
        1, address("fd00:1::5"), ETH_ADDR_C(02,00,00,00,00,05), 5 };
    f->vms[3] = (struct host_vm) {
        1, address("10.0.1.9"), ETH_ADDR_C(02,00,00,00,00,09), 9 };
    f->locations[0] = (struct host_location) {
        1, address("10.0.1.6"), ETH_ADDR_C(02,00,00,00,00,06),
        vtep("172.16.0.22") };
    f->locations[1] = (struct host_location) {
        1, address("fd00:1::6"), ETH_ADDR_C(02,00,00,00,00,06),
        vtep("172.16.0.22") };
    f->gateways[0] = address("10.0.1.1");
    f->gateways[1] = address("fd00:1::1");
    f->subnets[0] = (struct host_prefix) { address("10.0.1.0"), 24 };
    f->subnets[1] = (struct host_prefix) { address("fd00:1::"), 64 };
    f->vips[0] = address("10.0.1.100");
    f->vips[1] = address("fd00:1::100");
    f->networks[0] = (struct host_network) {
        1, f->gateways, 2, f->subnets, 2, f->vips, 2 };

    f->members[0] = (struct host_member) { 1, &f->vms[0], 0, false };
    f->members[1] = (struct host_member) { 2, &f->vms[1], 0, false };
    f->members[2] = (struct host_member) { 3, NULL, vtep("172.16.0.22"),
        false };
    f->members[3] = (struct host_member) { 0x1234, NULL, vtep("172.16.0.23"),
        false };
    f->members[4] = (struct host_member) { 5, NULL, 0, false };
    f->endpoints[0] = (struct host_endpoint) {
        address("20.50.60.10"), IPPROTO_TCP, 80, 8080, 1, 11, false, false,
        false };
    f->endpoints[1] = (struct host_endpoint) {
        address("20.50.60.10"), IPPROTO_UDP, 53, 5353, 2, 12, false, false,
        false };
    f->endpoints[2] = (struct host_endpoint) {
        address("20.50.60.11"), IPPROTO_TCP, 80, 8080, 3, 13, false, false,
        false };
    f->endpoints[3] = (struct host_endpoint) {
        address("20.50.60.11"), IPPROTO_UDP, 8080, 8080, 7, 14, false, false,
        false };
    f->endpoints[4] = (struct host_endpoint) {
        address("20.50.60.12"), IPPROTO_TCP, 1433, 1433, 8, 15, true, false,
        false };
    f->endpoints[5] = (struct host_endpoint) {
        address("20.50.60.13"), IPPROTO_TCP, 1433, 1433, 9, 16, true, false,
        false };
    f->endpoints[6] = (struct host_endpoint) {
        address("20.50.60.13"), IPPROTO_UDP, 1434, 1434, 10, 17, true, false,
        false };
    f->endpoints[7] = (struct host_endpoint) {
        address("20.50.60.10"), IPPROTO_TCP, 8080, 8080, 11, 18, true, false,
        false };
    f->endpoints[8] = (struct host_endpoint) {
        address("10.0.1.100"), IPPROTO_TCP, 80, 8080, 12, 19, false, true,
        false };
    f->endpoints[9] = (struct host_endpoint) {
        address("10.0.1.100"), IPPROTO_UDP, 53, 53, 13, 20, true, true, false
        };
    f->endpoints[10] = (struct host_endpoint) {
        address("10.0.1.101"), 0, 0, 0, 14, 23, false, true, false };
    f->endpoints[11] = (struct host_endpoint) {
        address("10.0.1.102"), 0, 0, 0, 15, 24, true, true, false };
    f->members6[0] = (struct host_member) { 1, &f->vms[2], 0, false };
    f->members6[1] = (struct host_member) { 2, NULL, vtep("172.16.0.22"),
        false };
    f->endpoints6[0] = (struct host_endpoint) {
        address("2001:db8:20::10"), IPPROTO_TCP, 443, 8443, 5, 21, false,
        false, false };
    f->endpoints6[1] = (struct host_endpoint) {
        address("2001:db8:20::11"), IPPROTO_TCP, 1433, 1433, 6, 22, true,
        false, false };
    f->endpoints6[2] = (struct host_endpoint) {
        address("fd00:1::101"), 0, 0, 0, 16, 25, false, true, false };
    f->endpoints6[3] = (struct host_endpoint) {
        address("2001:db8:20::10"), IPPROTO_UDP, 443, 443, 17, 26, false,
        false, false };
    /* Some reset, and one VM is unhealthy. */
    f->members[0].unhealthy = true;
    f->endpoints[0].tcp_reset = true;
    f->endpoints[4].tcp_reset = true;
    f->endpoints[8].tcp_reset = true;
    f->endpoints[11].tcp_reset = true;
    f->endpoints6[0].tcp_reset = true;
    f->members6[0].unhealthy = true;
    f->pools[0] = (struct host_pool) { 100, f->members, 5, f->endpoints, 12 };
    f->pools[1] = (struct host_pool) { 101, f->members6, 2, f->endpoints6, 4 };
    f->peers[0] = vtep("172.16.0.11");
    f->peers[1] = vtep("172.16.0.22");
    f->peers[2] = vtep("172.16.0.23");
    f->muxes[0] = vtep("172.16.0.11");

    f->probes[0] = (struct host_probe) { &f->vms[0], 3, 80 };
    f->probes[1] = (struct host_probe) { &f->vms[0], 3, 443 };
    f->probes[2] = (struct host_probe) { &f->vms[2], 0x204, 80 };

    f->rules = (struct host_rules) {
        .tunnel_port = 1,
        .underlay_port = 2,
        .probe_port = 3,
        .probe_mac = ETH_ADDR_C(02,33,33,33,33,33),
        .probes = f->probes, .n_probes = 3, .limit_probed = true,
        .own_mac = ETH_ADDR_C(02,11,22,33,44,55),
        .gateway_mac = { ETH_ADDR_C(02,aa,aa,aa,aa,aa) },
        .anycast = vtep("172.16.0.100"),
        .peers = f->peers, .n_peers = 3,
        .muxes = f->muxes, .n_muxes = 1,
        .vms = f->vms, .n_vms = 4,
        .locations = f->locations, .n_locations = 2,
        .networks = f->networks, .n_networks = 1,
        .pools = f->pools, .n_pools = 2,
    };
}

static char *
flows_text(const struct flow_table *ft)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    flow_table_format(ft, &s);
    return ds_steal_cstr(&s);
}

static char *
read_text(const char *name)
{
    FILE *file = fopen(name, "r");
    struct ds text = DS_EMPTY_INITIALIZER;
    struct ds line = DS_EMPTY_INITIALIZER;

    if (file) {
        while (!ds_get_line(&line, file)) {
            ds_put_format(&text, "%s\n", ds_cstr(&line));
        }
        fclose(file);
    }
    ds_destroy(&line);
    return ds_steal_cstr(&text);
}

/* Compares 'ft' with the file 'name' beside this one. */
static void
compare_golden(const struct flow_table *ft, const char *name)
{
    char *path = xasprintf("%s/%s", TEST_SRCDIR, name);
    char *text = flows_text(ft);

    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "w");

        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fputs(text, file);
        fclose(file);
    }

    char *wanted = read_text(path);
    if (strcmp(text, wanted)) {
        char *saveptr = NULL;

        for (char *line = strtok_r(text, "\n", &saveptr); line;
             line = strtok_r(NULL, "\n", &saveptr)) {
            if (!strstr(wanted, line)) {
                printf("# not in %s: %s\n", name, line);
            }
        }
        CU_FAIL("flows differ from the golden file");
    }
    free(wanted);
    free(text);
    free(path);
}

static void
test_host_golden(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    CU_ASSERT_EQUAL(ft.n_mistakes, 0);
    compare_golden(&ft, "pipeline-host.flows");
    flow_table_destroy(&ft);
}

static void
test_mux_golden(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct mux_rules rules = {
        .uplink = 1,
        .slb = 2,
        .loaded = true,
        .forwards = true,
    };

    mux_rules_build(&rules, &ft);
    CU_ASSERT_EQUAL(ft.n_mistakes, 0);
    compare_golden(&ft, "pipeline-mux.flows");

    /* Before the tables are loaded no router can be spoken to. */
    flow_table_clear(&ft);
    rules.loaded = false;
    mux_rules_build(&rules, &ft);
    CU_ASSERT_EQUAL(ft.n_mistakes, 0);
    compare_golden(&ft, "pipeline-mux-empty.flows");
    flow_table_destroy(&ft);
}

/* Swaps elements of an array at random. */
static void
shuffle(void *array, size_t n, size_t size)
{
    char *p = array;
    char *tmp = xmalloc(size);

    for (size_t i = n; i > 1; i--) {
        size_t j = random_range(i);

        memcpy(tmp, p + (i - 1) * size, size);
        memmove(p + (i - 1) * size, p + j * size, size);
        memcpy(p + j * size, tmp, size);
    }
    free(tmp);
}

/* The database has no order: flows must not depend on it, or an agent that
 * starts again would change some. */
static void
test_order(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    random_set_seed(1);
    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    char *wanted = flows_text(&ft);
    for (int i = 0; i < 20; i++) {
        shuffle(f.endpoints, 12, sizeof f.endpoints[0]);
        shuffle(f.endpoints6, 4, sizeof f.endpoints6[0]);
        shuffle(f.members, 5, sizeof f.members[0]);
        shuffle(f.locations, 2, sizeof f.locations[0]);
        shuffle(f.peers, 3, sizeof f.peers[0]);
        shuffle(f.gateways, 2, sizeof f.gateways[0]);
        shuffle(f.vips, 2, sizeof f.vips[0]);
        shuffle(f.pools, 2, sizeof f.pools[0]);

        /* VMs are pointed to. */
        struct host_vm vms[4];
        size_t at[4] = { 0, 1, 2, 3 };
        shuffle(at, 4, sizeof at[0]);
        for (int j = 0; j < 4; j++) {
            vms[at[j]] = f.vms[j];
        }
        for (int j = 0; j < 5; j++) {
            if (f.members[j].vm) {
                f.members[j].vm = &f.vms[at[f.members[j].vm - f.vms]];
            }
        }
        for (int j = 0; j < 2; j++) {
            if (f.members6[j].vm) {
                f.members6[j].vm = &f.vms[at[f.members6[j].vm - f.vms]];
            }
        }
        for (int j = 0; j < 3; j++) {
            f.probes[j].vm = &f.vms[at[f.probes[j].vm - f.vms]];
        }
        shuffle(f.probes, 3, sizeof f.probes[0]);
        memcpy(f.vms, vms, sizeof vms);

        flow_table_clear(&ft);
        host_rules_build(&f.rules, &ft);
        char *text = flows_text(&ft);
        CU_ASSERT_STRING_EQUAL(text, wanted);
        free(text);
    }
    free(wanted);
    flow_table_destroy(&ft);
}

/* What a switch answers when it is asked for its flows must be recognised as
 * what was put there: through OpenFlow and back. */
static void
test_round_trip(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct flow_table back = FLOW_TABLE_INITIALIZER(&back);
    const struct flow_entry *flow;
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    HMAP_FOR_EACH (flow, hmap_node, &ft.flows) {
        struct ofputil_flow_stats fs = {
            .cookie = htonll(flow->cookie),
            .table_id = flow->table,
            .priority = flow->priority,
            .ofpacts = flow->actions,
            .ofpacts_len = flow->actions_len,
        };
        struct ofputil_flow_stats_request request = {
            .match = MATCH_CATCHALL_INITIALIZER,
            .out_port = OFPP_ANY,
            .out_group = OFPG_ANY,
            .table_id = OFPTT_ALL,
        };
        struct ofpbuf *rq
            = ofputil_encode_flow_stats_request(&request, OFPUTIL_P_OF15_OXM);
        struct ovs_list replies;
        struct ofpbuf *reply;

        minimatch_expand(&flow->match, &fs.match);
        ofpmp_init(&replies, rq->data);
        ofputil_append_flow_stats_reply(&fs, &replies, NULL);
        ofpbuf_delete(rq);

        LIST_FOR_EACH_POP (reply, list_node, &replies) {
            struct ofputil_flow_stats got;
            struct ofpbuf actions;
            struct ofpbuf msg
                = ofpbuf_const_initializer(reply->data, reply->size);

            ofpbuf_init(&actions, 64);
            CU_ASSERT_EQUAL_FATAL(
                ofputil_decode_flow_stats_reply(&got, &msg, true, &actions),
                0);
            flow_table_add_raw(&back, got.table_id, got.priority,
                               ntohll(got.cookie), &got.match, got.ofpacts,
                               got.ofpacts_len);
            ofpbuf_uninit(&actions);
            ofpbuf_delete(reply);
        }
    }

    CU_ASSERT_EQUAL(hmap_count(&back.flows), hmap_count(&ft.flows));
    HMAP_FOR_EACH (flow, hmap_node, &ft.flows) {
        const struct flow_entry *other = flow_table_find(&back, flow);

        if (!other || !flow_entry_same(flow, other)) {
            struct ds s = DS_EMPTY_INITIALIZER;

            flow_entry_format(flow, &s);
            if (other) {
                ds_put_cstr(&s, " <> ");
                flow_entry_format(other, &s);
            }
            printf("# %s\n", ds_cstr(&s));
            ds_destroy(&s);
            CU_FAIL("does not come back");
        }
    }
    flow_table_destroy(&back);
    flow_table_destroy(&ft);
}

/* Returns the flow of table 'table' that 'flow' meets, or NULL. */
static const struct flow_entry *
lookup(const struct flow_table *ft, uint8_t table, const struct flow *flow)
{
    const struct flow_entry *entry, *best = NULL;

    HMAP_FOR_EACH (entry, hmap_node, &ft->flows) {
        if (entry->table == table
            && minimatch_matches_flow(&entry->match, flow)
            && (!best || entry->priority > best->priority)) {
            best = entry;
        }
    }
    return best;
}

/* Executes the actions of 'entry' that change fields. */
static void
execute(const struct flow_entry *entry, struct flow *flow)
{
    struct flow_wildcards wc;
    const struct ofpact *a;

    flow_wildcards_init_catchall(&wc);
    OFPACT_FOR_EACH (a, entry->actions, entry->actions_len) {
        if (a->type == OFPACT_REG_MOVE) {
            mf_subfield_copy(&ofpact_get_REG_MOVE(a)->src,
                             &ofpact_get_REG_MOVE(a)->dst, flow, &wc);
        } else if (a->type == OFPACT_SET_FIELD) {
            const struct ofpact_set_field *sf = ofpact_get_SET_FIELD(a);

            mf_set_flow_value_masked(sf->field, sf->value,
                                     ofpact_set_field_mask(sf), flow);
        }
    }
}

static void
put_steering(const struct steering *s, struct flow *flow)
{
    uint8_t addrs[STEERING_LEN];

    steering_put(s, addrs);
    memcpy(&flow->dl_dst, addrs, ETH_ADDR_LEN);
    memcpy(&flow->dl_src, addrs + ETH_ADDR_LEN, ETH_ADDR_LEN);
}

static struct steering
random_steering(int n_owners, int hop)
{
    struct steering s = { .n_owners = n_owners, .hop = hop };

    for (int i = 0; i < n_owners; i++) {
        s.owners[i] = 1 + random_range(STEERING_MAX_INDEX);
    }
    s.flags = random_range(STEERING_ALL_FLAGS + 1) & ~STEERING_SNAT;
    if (n_owners > 1) {
        s.flags &= ~STEERING_FRAGMENT;
    }
    return s;
}

/* The tables of the ring do what lib/steering.c does. */
static void
test_ring(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    random_set_seed(1);
    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (int i = 0; i < 2000; i++) {
        int n = 1 + i % STEERING_MAX_OWNERS;
        struct steering s = random_steering(n, random_range(n + 1));
        struct flow flow, wanted;

        memset(&flow, 0, sizeof flow);
        put_steering(&s, &flow);
        const struct flow_entry *entry = lookup(&ft, HT_STEERING, &flow);
        CU_ASSERT_NOT_EQUAL(entry->cookie, drop_cookie(DR_STEERING, 0));

        execute(lookup(&ft, HT_HOME, &flow), &flow);
        CU_ASSERT_EQUAL(flow.regs[10], steering_is_home(&s));
        if (!steering_is_home(&s)) {
            wanted = flow;
            execute(lookup(&ft, HT_RING, &flow), &flow);
            steering_rotate(&s);
            put_steering(&s, &wanted);
            CU_ASSERT_TRUE(eth_addr_equals(flow.dl_dst, wanted.dl_dst));
            CU_ASSERT_TRUE(eth_addr_equals(flow.dl_src, wanted.dl_src));
        }
    }
    flow_table_destroy(&ft);
}

/* Whatever steering_pull() refuses for its first four octets is dropped, but
 * for what measures, and SNAT returns, which are of no pool. */
static void
test_steering(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (int second = 0; second < 256; second++) {
        for (int n = 0; n < 256; n += n < 8 ? 1 : 31) {
            struct steering s;
            uint8_t addrs[STEERING_LEN] = {
                STEERING_OUI, second, 0, 1, 0, n > 1,
                STEERING_OUI, n, 0, n > 2, 0, n > 3 };
            enum steering_measure measure;
            uint16_t owner;
            struct flow flow;
            bool passes = (steering_pull_measure(addrs, &measure, &owner)
                           ? measure == STEERING_MEASURES
                           : steering_pull(&s, addrs)
                             && !(s.flags & STEERING_SNAT));

            memset(&flow, 0, sizeof flow);
            memcpy(&flow.dl_dst, addrs, ETH_ADDR_LEN);
            memcpy(&flow.dl_src, addrs + ETH_ADDR_LEN, ETH_ADDR_LEN);
            CU_ASSERT_EQUAL(lookup(&ft, HT_STEERING, &flow)->cookie
                            != drop_cookie(DR_STEERING, 0), passes);
        }
    }
    flow_table_destroy(&ft);
}

/* The only way to the underlay: with the mark of a reply, from the one table
 * that gives it, to packets whose source is a public VIP. */
static void
test_no_leak(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    const struct flow_entry *entry;
    struct fixture f;

    fixture_init(&f);
    f.rules.gateway_mac[1] = f.rules.gateway_mac[0];
    host_rules_build(&f.rules, &ft);
    HMAP_FOR_EACH (entry, hmap_node, &ft.flows) {
        struct ds s = DS_EMPTY_INITIALIZER;

        flow_entry_format(entry, &s);
        const char *text = ds_cstr(&s);
        const char *actions = strstr(text, "actions=");
        if (strstr(actions, "output:2")) {
            CU_ASSERT_EQUAL(entry->table, HT_DSR);
        }
        if (strstr(actions, "goto_table:25")) {
            CU_ASSERT_EQUAL(entry->table, HT_LOCATION);
            CU_ASSERT_PTR_NOT_NULL(strstr(text, "reg9=0x1 actions"));
        }
        if (entry->table == HT_RESET_NETWORK) {
            CU_ASSERT_TRUE(strstr(actions, "controller(")
                           || strstr(actions, "drop"));
            CU_ASSERT_PTR_NULL(strstr(actions, "goto_table"));
        }
        if (strstr(actions, "->reg9") && entry->table < HT_REPLY) {
            /* To the agent, which makes a packet of its own of it. */
            CU_ASSERT_TRUE(strstr(actions, "goto_table:17")
                           || (strstr(actions, "controller(")
                               && !strstr(actions, "goto_table")));
        } else if (strstr(actions, "->reg9")) {
            CU_ASSERT_EQUAL(entry->table, HT_UNNATED);
            CU_ASSERT_EQUAL(!strstr(actions, "0x1->reg9"),
                            (strstr(text, "nw_src=10.0.1.10")
                             || strstr(text, "ipv6_src=fd00:1::10")));
            CU_ASSERT_TRUE(strstr(text, "nw_src=20.50.60.1")
                           || strstr(text, "nw_src=10.0.1.10")
                           || strstr(text, "ipv6_src=fd00:1::10")
                           || strstr(text, "ipv6_src=2001:db8:20::1"));
            CU_ASSERT_PTR_NOT_NULL(strstr(text, "+rpl"));

            /* Conntrack can hand over fragments in wrong company. */
            CU_ASSERT_TRUE(strstr(text, "ct_zone=")
                           || strstr(text, "+rel"));
        }
        ds_destroy(&s);
    }
    flow_table_destroy(&ft);
}

/* Makes '*flow' a fragment to or from 'addr': to flows, none has ports, and
 * with IPv6 a later one has no protocol. */
static void
put_fragment(const struct in6_addr *addr, bool source, uint8_t protocol,
             bool later, struct flow *flow)
{
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        flow->dl_type = htons(ETH_TYPE_IP);
        *(source ? &flow->nw_src : &flow->nw_dst)
            = in6_addr_get_mapped_ipv4(addr);
    } else {
        flow->dl_type = htons(ETH_TYPE_IPV6);
        *(source ? &flow->ipv6_src : &flow->ipv6_dst) = *addr;
        if (later) {
            protocol = IPPROTO_FRAGMENT;
        }
    }
    flow->nw_proto = protocol;
    flow->nw_frag = FLOW_NW_FRAG_ANY | (later ? FLOW_NW_FRAG_LATER : 0);
}

/* From a mux: first and later ones get to their rule, by one flow each, so
 * that conntrack sees them alike.  Others are dropped. */
static void
test_fragments_in(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (size_t i = 0; i < f.rules.n_pools; i++) {
        const struct host_pool *pool = &f.pools[i];

        for (size_t j = 0; j < pool->n_endpoints; j++) {
            const struct host_endpoint *ep = &pool->endpoints[j];
            struct steering s = {
                .owners = { pool->members[0].index },
                .n_owners = 1,
                .flags = STEERING_FRAGMENT,
                .port = ep->port,
            };
            uint8_t protocol = ep->protocol ? ep->protocol : IPPROTO_ICMP;

            /* The other endpoint of the port is this one's. */
            uint32_t cookie = ep->cookie == 21 ? 26 : ep->cookie;

            for (int later = 0; later <= 1; later++) {
                struct flow flow;

                memset(&flow, 0, sizeof flow);
                flow.tunnel.tun_id = htonll(pool->key);
                put_steering(&s, &flow);
                put_fragment(&ep->vip, false, protocol, later, &flow);
                CU_ASSERT_NOT_EQUAL(lookup(&ft, HT_STEERING, &flow)->cookie,
                                    drop_cookie(DR_STEERING, 0));

                const struct flow_entry *entry = lookup(&ft, HT_ENDPOINT,
                                                        &flow);
                CU_ASSERT_EQUAL(entry->cookie,
                                make_cookie(CK_ENDPOINT, 0, cookie));

                /* What conntrack returns is of its zone, or dropped. */
                execute(entry, &flow);
                flow.ct_zone = flow.regs[HR_ZONE_INDEX];
                CU_ASSERT_EQUAL(lookup(&ft, HT_FRAGMENT, &flow)->cookie,
                                make_cookie(CK_ENDPOINT, 0, cookie));
                flow.ct_zone++;
                CU_ASSERT_EQUAL(lookup(&ft, HT_FRAGMENT, &flow)->cookie,
                                drop_cookie(DR_FRAGMENT, 0));

                /* Starts a connection if it is not TCP, as far as it tells;
                 * the rule knows that in any case. */
                bool tcp = protocol == IPPROTO_TCP && cookie == ep->cookie;
                execute(lookup(&ft, HT_HOME, &flow), &flow);
                entry = lookup(&ft, HT_DECIDE, &flow);
                CU_ASSERT_EQUAL(entry->cookie == drop_cookie(DR_UNKNOWN, 0),
                                flow.nw_proto == IPPROTO_TCP);
                if (flow.nw_proto != IPPROTO_TCP) {
                    entry = lookup(&ft, HT_ACCEPT, &flow);
                    CU_ASSERT_EQUAL(entry->cookie,
                                    (tcp ? drop_cookie(DR_INDEX, 0)
                                     : make_cookie(CK_ENDPOINT, s.owners[0],
                                                   cookie)));
                }

                /* Of another port, or without the flag. */
                if (ep->port) {
                    s.port++;
                    put_steering(&s, &flow);
                    s.port--;
                    CU_ASSERT_EQUAL(lookup(&ft, HT_ENDPOINT, &flow)->cookie,
                                    drop_cookie(DR_FRAGMENT, 0));
                }
                s.flags = 0;
                put_steering(&s, &flow);
                s.flags = STEERING_FRAGMENT;
                CU_ASSERT_EQUAL(lookup(&ft, HT_ENDPOINT, &flow)->cookie,
                                drop_cookie(DR_FRAGMENT, 0));
            }
        }
    }
    flow_table_destroy(&ft);
}

/* From a VM: all fragments are asked about in the same zones, in the same
 * order, each zone once, and then forwarded as the VM's own. */
static void
test_fragments_out(void)
{
    static const struct {
        size_t vm;
        uint8_t protocol;
        const char *zones;
    } cases[] = {
        { 0, IPPROTO_UDP, "2 7 14 " },  /* UDP, then all ports. */
        { 0, IPPROTO_ICMP, "14 " },
        { 0, IPPROTO_TCP, "14 " },
        { 2, IPPROTO_ICMPV6, "" },      /* No member. */
        { 3, IPPROTO_UDP, "" },
    };
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    fixture_init(&f);
    f.members6[0].vm = NULL;
    host_rules_build(&f.rules, &ft);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (int later = 0; later <= 1; later++) {
            const struct host_vm *vm = &f.vms[cases[i].vm];
            struct ds zones = DS_EMPTY_INITIALIZER;
            const struct flow_entry *entry;
            struct flow flow;

            memset(&flow, 0, sizeof flow);
            flow.in_port.ofp_port = vm->port;
            put_fragment(&vm->address, true, cases[i].protocol, later, &flow);
            for (;;) {
                entry = lookup(&ft, HT_REPLY, &flow);
                if (entry->cookie == make_cookie(CK_STATIC, 0, 0)) {
                    break;
                }
                execute(entry, &flow);

                uint32_t zone = flow.regs[HR_ZONE_INDEX];
                ds_put_format(&zones, "%"PRIu32" ", zone);

                /* Unknown there, and not somebody else's. */
                flow.ct_state = CS_TRACKED | CS_NEW;
                flow.ct_zone = zone;
                entry = lookup(&ft, HT_UNNATED, &flow);
                CU_ASSERT_EQUAL(entry->cookie >> 48, CK_ENDPOINT);
                flow.ct_zone = 1 + zone;
                entry = lookup(&ft, HT_UNNATED, &flow);
                CU_ASSERT_EQUAL(entry->cookie, drop_cookie(DR_FRAGMENT, 0));
            }
            CU_ASSERT_STRING_EQUAL(ds_cstr(&zones), cases[i].zones);
            ds_destroy(&zones);
        }
    }
    flow_table_destroy(&ft);
}

/* What may start a connection: a first SYN, and all that is not TCP. */
static void
test_starts(void)
{
    static const struct {
        uint8_t protocol;
        uint16_t tcp_flags;
        bool start;
    } cases[] = {
        { IPPROTO_TCP, TCP_SYN, true },
        { IPPROTO_TCP, TCP_SYN | TCP_ACK, false },
        { IPPROTO_TCP, TCP_ACK, false },
        { IPPROTO_TCP, TCP_RST, false },
        { IPPROTO_UDP, 0, true },
        { IPPROTO_ICMP, 0, true },
        { IPPROTO_GRE, 0, true },
    };
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    random_set_seed(1);
    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (size_t i = 0; i < 100 * ARRAY_SIZE(cases); i++) {
        int which = i % ARRAY_SIZE(cases);
        int n = 2 + random_range(3);
        struct steering s = random_steering(n, random_range(n + 1));
        struct flow flow;

        memset(&flow, 0, sizeof flow);
        flow.dl_type = htons(ETH_TYPE_IP);
        flow.nw_proto = cases[which].protocol;
        flow.tcp_flags = htons(cases[which].tcp_flags);
        flow.ct_state = CS_TRACKED | CS_NEW;
        put_steering(&s, &flow);
        execute(lookup(&ft, HT_HOME, &flow), &flow);

        struct ds text = DS_EMPTY_INITIALIZER;
        flow_entry_format(lookup(&ft, HT_DECIDE, &flow), &text);
        bool accept = strstr(ds_cstr(&text), "goto_table:9") != NULL;
        bool ring = strstr(ds_cstr(&text), "goto_table:10") != NULL;
        bool home = steering_is_home(&s);
        CU_ASSERT_EQUAL(accept, (cases[which].start
                                 && (home || !(s.flags & STEERING_RECENT))));
        CU_ASSERT_EQUAL(ring, (!accept && !home
                               && cases[which].tcp_flags
                                  != (TCP_SYN | TCP_ACK)));
        ds_destroy(&text);
    }
    flow_table_destroy(&ft);
}

/* What is invalid here may be of a connection that lives: nobody else whom it
 * is sent on to resets that. */
static void
test_invalid(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    random_set_seed(1);
    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (int i = 0; i < 100; i++) {
        int n = 2 + random_range(3);
        struct steering s = random_steering(n, random_range(n));
        struct flow flow, expected;

        memset(&flow, 0, sizeof flow);
        flow.dl_type = htons(ETH_TYPE_IP);
        flow.nw_proto = IPPROTO_TCP;
        flow.tcp_flags = htons(TCP_ACK);
        flow.ct_state = CS_TRACKED | CS_INVALID;
        flow.ct_mark = 1;
        s.flags |= STEERING_SETTLED;
        put_steering(&s, &flow);
        execute(lookup(&ft, HT_HOME, &flow), &flow);
        execute(lookup(&ft, HT_DECIDE, &flow), &flow);
        s.flags &= ~STEERING_SETTLED;
        put_steering(&s, &expected);
        CU_ASSERT(eth_addr_equals(flow.dl_dst, expected.dl_dst));
        CU_ASSERT(eth_addr_equals(flow.dl_src, expected.dl_src));
    }
    flow_table_destroy(&ft);
}

/* Sends 'flow' through the pipeline, beginning with 'ft''s first table, as far
 * as goto_table leads, and returns the flow that it met last. */
static const struct flow_entry *
run_flow(const struct flow_table *ft, struct flow *flow)
{
    uint8_t table = HT_IN;

    for (;;) {
        const struct flow_entry *entry = lookup(ft, table, flow);
        const struct ofpact *a;
        bool more = false;

        execute(entry, flow);
        OFPACT_FOR_EACH (a, entry->actions, entry->actions_len) {
            if (a->type == OFPACT_GOTO_TABLE) {
                table = ofpact_get_GOTO_TABLE(a)->table_id;
                more = true;
            }
        }
        if (!more) {
            return entry;
        }
    }
}

/* Returns the port that 'entry' sends to, 0 for none. */
static ofp_port_t
output_of(const struct flow_entry *entry)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, entry->actions, entry->actions_len) {
        if (a->type == OFPACT_OUTPUT) {
            return ofpact_get_OUTPUT(a)->port;
        }
    }
    return 0;
}

static struct flow
tcp_flow(ofp_port_t in_port, const char *src, uint16_t tp_src,
         const char *dst, uint16_t tp_dst, uint16_t flags)
{
    struct in6_addr a = address(src), b = address(dst);
    struct flow flow;

    memset(&flow, 0, sizeof flow);
    flow.in_port.ofp_port = in_port;
    flow.nw_proto = IPPROTO_TCP;
    flow.tp_src = htons(tp_src);
    flow.tp_dst = htons(tp_dst);
    flow.tcp_flags = htons(flags);
    if (IN6_IS_ADDR_V4MAPPED(&a)) {
        flow.dl_type = htons(ETH_TYPE_IP);
        flow.nw_src = in6_addr_get_mapped_ipv4(&a);
        flow.nw_dst = in6_addr_get_mapped_ipv4(&b);
    } else {
        flow.dl_type = htons(ETH_TYPE_IPV6);
        flow.ipv6_src = a;
        flow.ipv6_dst = b;
    }
    return flow;
}

/* Probes reach the VM that the token stands for, and what the VM answers comes
 * back; nothing else does, nor does anybody else take the probes' source. */
static void
test_probe(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    uint64_t denied = drop_cookie(DR_PROBE, 0);
    const struct flow_entry *entry;
    struct flow flow, wanted;
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);

    flow = tcp_flow(3, "169.254.64.1", 40000, "169.254.64.3", 443, TCP_SYN);
    wanted = tcp_flow(3, "168.63.129.16", 40000, "10.0.1.4", 443, TCP_SYN);
    wanted.dl_src = host_gateway_mac;
    wanted.dl_dst = f.vms[0].mac;
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 4);
    CU_ASSERT_TRUE(flow_equal(&flow, &wanted));

    flow = tcp_flow(4, "10.0.1.4", 443, "168.63.129.16", 40000,
                    TCP_SYN | TCP_ACK);
    wanted = tcp_flow(4, "169.254.64.3", 443, "169.254.64.1", 40000,
                      TCP_SYN | TCP_ACK);
    flow.dl_src = f.vms[0].mac;
    wanted.dl_src = host_gateway_mac;
    wanted.dl_dst = f.rules.probe_mac;
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 3);
    CU_ASSERT_TRUE(flow_equal(&flow, &wanted));

    flow = tcp_flow(3, "fd53:4c42::1", 40000, "fd53:4c42::204", 80, TCP_SYN);
    wanted = tcp_flow(3, "fe80::1234:5678:9abc", 40000, "fd00:1::5", 80,
                      TCP_SYN);
    wanted.dl_src = host_gateway_mac;
    wanted.dl_dst = f.vms[2].mac;
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 5);
    CU_ASSERT_TRUE(flow_equal(&flow, &wanted));

    flow = tcp_flow(5, "fd00:1::5", 80, "fe80::1234:5678:9abc", 40000,
                    TCP_ACK);
    flow.dl_src = f.vms[2].mac;
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 3);

    /* What a VM begins, and what comes from where nobody asks. */
    flow = tcp_flow(4, "10.0.1.4", 443, "168.63.129.16", 22, TCP_SYN);
    flow.dl_src = f.vms[0].mac;
    CU_ASSERT_EQUAL(run_flow(&ft, &flow)->cookie, denied);
    flow = tcp_flow(4, "10.0.1.4", 8080, "168.63.129.16", 40000, TCP_ACK);
    flow.dl_src = f.vms[0].mac;
    CU_ASSERT_EQUAL(run_flow(&ft, &flow)->cookie, denied);
    flow = tcp_flow(9, "10.0.1.9", 443, "168.63.129.16", 40000, TCP_ACK);
    flow.dl_src = f.vms[3].mac;
    CU_ASSERT_EQUAL(run_flow(&ft, &flow)->cookie, denied);

    /* Somebody else's token, port, or address. */
    flow = tcp_flow(3, "169.254.64.1", 40000, "169.254.64.4", 443, TCP_SYN);
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 0);
    flow = tcp_flow(3, "169.254.64.1", 40000, "169.254.64.3", 22, TCP_SYN);
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 0);
    flow = tcp_flow(3, "172.16.0.21", 40000, "169.254.64.3", 443, TCP_SYN);
    CU_ASSERT_EQUAL(output_of(run_flow(&ft, &flow)), 0);
    flow = tcp_flow(4, "10.0.1.4", 443, "169.254.64.1", 40000, TCP_ACK);
    flow.dl_src = f.vms[0].mac;
    CU_ASSERT_NOT_EQUAL(output_of(run_flow(&ft, &flow)), 3);

    /* Claims to be a probe: from a VM, the tunnel, the underlay, anywhere. */
    static const int ports[] = { 1, 2, 3, 4, 77 };
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        flow = tcp_flow(ports[i], "168.63.129.16", 1, "10.0.1.4", 443,
                        TCP_SYN);
        flow.dl_src = f.vms[0].mac;
        flow.tunnel.ip_src = f.peers[0];
        CU_ASSERT_EQUAL(run_flow(&ft, &flow)->cookie, denied);
        flow = tcp_flow(ports[i], "fe80::1234:5678:9abc", 1, "fd00:1::5", 80,
                        TCP_SYN);
        CU_ASSERT_EQUAL(run_flow(&ft, &flow)->cookie, denied);
    }

    /* Without the port there is no way to it. */
    f.rules.probe_port = 0;
    flow_table_clear(&ft);
    host_rules_build(&f.rules, &ft);
    HMAP_FOR_EACH (entry, hmap_node, &ft.flows) {
        CU_ASSERT_NOT_EQUAL(entry->table, HT_PROBE);
        CU_ASSERT_NOT_EQUAL(output_of(entry), 3);
    }
    CU_ASSERT_EQUAL(ft.n_mistakes, 0);
    flow_table_destroy(&ft);
}

/* Mistakes are counted, and change nothing else. */
/* Returns the last flow that a packet meets, from 'table' on. */
static const struct flow_entry *
follow(const struct flow_table *ft, uint8_t table, struct flow *flow)
{
    for (;;) {
        const struct flow_entry *entry = lookup(ft, table, flow);
        const struct ofpact *a;
        bool goes_on = false;

        CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
        execute(entry, flow);
        OFPACT_FOR_EACH (a, entry->actions, entry->actions_len) {
            if (a->type == OFPACT_GOTO_TABLE) {
                table = ofpact_get_GOTO_TABLE(a)->table_id;
                goes_on = true;
            } else if (a->type == OFPACT_CT) {
                /* Nothing is known. */
                flow->ct_state = CS_TRACKED | CS_NEW;
                table = ofpact_get_CT(a)->recirc_table;
                goes_on = true;
            }
        }
        if (!goes_on) {
            return entry;
        }
    }
}

/* A packet that measures goes back to the mux that it is from, with an answer,
 * and nowhere else, whatever it is for. */
static void
test_measures(void)
{
    static const struct {
        const char *from;
        uint32_t key;
        const char *vip;
        uint16_t port;
        uint16_t owner;
        enum steering_measure answer; /* 0: dropped. */
    } cases[] = {
        { "172.16.0.11", 100, "20.50.60.10", 80, 1, STEERING_SERVED },
        /* A member on another host, one that is not there. */
        { "172.16.0.11", 100, "20.50.60.10", 80, 3, STEERING_REFUSED },
        { "172.16.0.11", 100, "20.50.60.10", 80, 999, STEERING_REFUSED },
        /* No such port, VIP, key. */
        { "172.16.0.11", 100, "20.50.60.10", 4, 1, STEERING_REFUSED },
        { "172.16.0.11", 100, "20.50.60.99", 80, 1, STEERING_REFUSED },
        { "172.16.0.11", 999, "20.50.60.10", 80, 1, STEERING_REFUSED },
        /* A host, a stranger. */
        { "172.16.0.22", 100, "20.50.60.10", 80, 1, 0 },
        { "172.16.0.22", 999, "20.50.60.10", 80, 1, 0 },
        { "172.16.0.99", 100, "20.50.60.10", 80, 1, 0 },
    };
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);
    struct fixture f;

    fixture_init(&f);
    host_rules_build(&f.rules, &ft);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t addrs[STEERING_LEN];
        struct flow flow = {
            .in_port.ofp_port = f.rules.tunnel_port,
            .tunnel.ip_src = vtep(cases[i].from),
            .tunnel.tun_id = htonll(cases[i].key),
            .dl_type = htons(ETH_TYPE_IP),
            .nw_proto = IPPROTO_TCP,
            .nw_src = vtep("169.254.192.7"),
            .nw_dst = vtep(cases[i].vip),
            .tp_dst = htons(cases[i].port),
            .tcp_flags = TCP_FLAGS_BE16(TCP_SYN),
        };

        steering_put_measure(addrs, STEERING_MEASURES, cases[i].owner);
        memcpy(&flow.dl_dst, addrs, ETH_ADDR_LEN);
        memcpy(&flow.dl_src, addrs + ETH_ADDR_LEN, ETH_ADDR_LEN);

        const struct flow_entry *entry = follow(&ft, HT_IN, &flow);
        if (!cases[i].answer) {
            CU_ASSERT_EQUAL(entry->cookie >> 48, CK_DROP);
            continue;
        }
        CU_ASSERT_EQUAL(entry->cookie,
                        make_cookie(CK_MEASURE, MC_ANSWER,
                                    ntohl(f.muxes[0])));
        CU_ASSERT_EQUAL(flow.tunnel.ip_dst, f.muxes[0]);
        CU_ASSERT_EQUAL(flow.tunnel.tun_id, htonll(cases[i].key));
        steering_put_measure(addrs, cases[i].answer, cases[i].owner);
        CU_ASSERT(!memcmp(&flow.dl_dst, addrs, ETH_ADDR_LEN));
        CU_ASSERT(!memcmp(&flow.dl_src, addrs + ETH_ADDR_LEN, ETH_ADDR_LEN));
    }
    flow_table_destroy(&ft);
}

static void
test_mistakes(void)
{
    struct flow_table ft = FLOW_TABLE_INITIALIZER(&ft);

    flow_table_add(&ft, 0, 1, 2, "ip actions=drop");
    flow_table_add(&ft, 0, 1, 3, "ip actions=output:1");
    CU_ASSERT_EQUAL(ft.n_mistakes, 1);
    flow_table_add(&ft, 0, 1, 2, "nw_src=10.0.0.1 actions=nonsense");
    CU_ASSERT_EQUAL(ft.n_mistakes, 2);
    flow_table_add(&ft, 3, 1, 2, "actions=goto_table:2");
    CU_ASSERT_EQUAL(ft.n_mistakes, 3);

    char *text = flows_text(&ft);
    CU_ASSERT_STRING_EQUAL(
        text, "cookie=0x2, table=0, priority=1,ip actions=drop\n");
    free(text);
    flow_table_destroy(&ft);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_host_golden),
    UNIT_TEST(test_mux_golden),
    UNIT_TEST(test_order),
    UNIT_TEST(test_round_trip),
    UNIT_TEST(test_ring),
    UNIT_TEST(test_steering),
    UNIT_TEST(test_no_leak),
    UNIT_TEST(test_fragments_in),
    UNIT_TEST(test_fragments_out),
    UNIT_TEST(test_starts),
    UNIT_TEST(test_invalid),
    UNIT_TEST(test_probe),
    UNIT_TEST(test_measures),
    UNIT_TEST(test_mistakes),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("pipeline", tests, argc, argv);
}
