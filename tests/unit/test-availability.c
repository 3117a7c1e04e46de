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

#include "controller/agent/availability.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/agent/availability-packet.h"
#include "controller/agent/mux-tables.h"
#include "dp-packet.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "random.h"
#include "tests/unit/unit.h"
#include "util.h"

/* 2026-11-22T11:20:00Z, and when that is on the other clock. */
#define WALL 1795346400000LL
#define START 1000000LL

#define STEP 10

/* A small world: endpoints 20.50.60.10:80 and :81, and 20.50.60.11:80, in that
 * order, all on hosts .21 and .22, and what these do. */
enum behaviour {
    SERVES,
    REFUSES,
    LOSES,
    OTHER_OWNER,                /* Somebody else serves. */
};

struct packet {
    uint64_t seq;
    struct availability_endpoint endpoint;
    struct availability_flow flow;
};

static struct availability *av;
static struct mux_tables tables;
static long long int now;
static struct packet queue[10000];
static size_t n_queue, n_sent;
static bool announced = true;

/* By last octet of the VTEP. */
static bool dead[256];

/* What becomes of packets to a VIP (by last octet) and port at a host. */
static enum behaviour behaviour[256][256][256];

static void
send_packet(const struct availability_endpoint *endpoint,
            const struct availability_flow *flow, uint64_t seq, void *aux)
{
    CU_ASSERT_PTR_EQUAL(aux, &now);
    CU_ASSERT_FATAL(n_queue < ARRAY_SIZE(queue));
    queue[n_queue++] = (struct packet) { seq, *endpoint, *flow };
    n_sent++;
}

static bool
is_announced(int64_t network OVS_UNUSED, const char *address OVS_UNUSED,
             void *aux OVS_UNUSED)
{
    return announced;
}

static const char *
name(int64_t network OVS_UNUSED, const char *address, void *aux OVS_UNUSED)
{
    return !strcmp(address, "20.50.60.10") ? "web/frontends/public" : NULL;
}

static const struct availability_ops ops = { send_packet, is_announced, name };

static ovs_be32
ip(const char *s)
{
    ovs_be32 addr;

    CU_ASSERT_FATAL(ip_parse(s, &addr));
    return addr;
}

static void
add_vip(int64_t network, const char *address)
{
    struct slbrec_vip row = {
        .network_key = network, .address = CONST_CAST(char *, address),
    };

    mux_tables_add_vip(&tables, &row);
}

static void
add_endpoint(int64_t network, const char *vip, int64_t protocol,
             int64_t port, int64_t pool, const char *distribution)
{
    struct slbrec_endpoint row = {
        .network_key = network, .vip = CONST_CAST(char *, vip),
        .protocol = protocol, .port = port, .pool_key = pool,
        .load_distribution = CONST_CAST(char *, distribution),
        .rule = CONST_CAST(char *, "web/rules/http"),
    };

    CU_ASSERT_FATAL(mux_tables_add_endpoint(&tables, &row,
                                            60000));
}

/* Adds a pool with 'n' members, of which the last one has no host.  Members
 * 1, 3... are on .21, others on .22. */
static void
add_pool(int64_t key, size_t n)
{
    int64_t *indices = xmalloc((n + 1) * sizeof *indices);
    int64_t *weights = xmalloc((n + 1) * sizeof *weights);
    char **vteps = xmalloc((n + 1) * sizeof *vteps);

    for (size_t i = 0; i < n; i++) {
        indices[i] = i + 1;
        weights[i] = 1;
        vteps[i] = CONST_CAST(char *, n > 2 && i == n - 1 ? ""
                              : i % 2 ? "172.16.0.22" : "172.16.0.21");
    }

    struct slbrec_generation current = {
        .number = 1, .state = CONST_CAST(char *, "current"),
        .key_weights = indices, .value_weights = weights, .n_weights = n,
    };
    struct slbrec_generation *gens[] = { &current };
    struct slbrec_compiled_pool pool = {
        .name = CONST_CAST(char *, "web/backendPools/servers"),
        .tunnel_key = key, .network_key = 1, .slots_log2 = 10,
        .generations = gens, .n_generations = 1,
        .key_vteps = indices, .value_vteps = vteps, .n_vteps = n,
    };
    CU_ASSERT_FATAL(mux_tables_add_pool(&tables, &pool));
    free(indices);
    free(weights);
    free(vteps);
}

static void
set(void)
{
    availability_set(av, &tables);
    while (!availability_is_planned(av)) {
        availability_plan(av);
    }
}

static void
start_empty(void)
{
    random_set_seed(1);
    now = START;
    n_queue = n_sent = 0;
    announced = true;
    memset(dead, 0, sizeof dead);
    memset(behaviour, SERVES, sizeof behaviour);
    mux_tables_init(&tables);
    CU_ASSERT_FATAL(mux_tables_set_global(
                        &tables, "000102030405060708090a0b0c0d0e0f",
                        ip("172.16.0.11"), "172.16.0.100"));
    av = availability_create(&ops, &now);
}

static void
start(void)
{
    start_empty();
    add_pool(17, 2);
    add_vip(0, "20.50.60.10");
    add_vip(0, "20.50.60.11");
    add_endpoint(0, "20.50.60.10", 6, 80, 17, "Default");
    add_endpoint(0, "20.50.60.10", 6, 81, 17, "Default");
    add_endpoint(0, "20.50.60.11", 6, 80, 17, "SourceIP");
    set();
}

static void
end(void)
{
    availability_destroy(av);
    mux_tables_destroy(&tables);
}

static void
answer(const struct packet *p)
{
    uint32_t vip = ntohl(in6_addr_get_mapped_ipv4(&p->endpoint.vip)) & 0xff;
    uint32_t host = ntohl(p->flow.vtep) & 0xff;

    if (dead[host]) {
        return;
    }
    switch (behaviour[vip][p->endpoint.port][host]) {
    case SERVES:
        availability_answer(av, p->seq, p->flow.vtep, STEERING_SERVED,
                            p->flow.owner, now, 150);
        break;
    case REFUSES:
        availability_answer(av, p->seq, p->flow.vtep, STEERING_REFUSED,
                            p->flow.owner, now, 150);
        break;
    case OTHER_OWNER:
        availability_answer(av, p->seq, p->flow.vtep, STEERING_SERVED,
                            p->flow.owner + 1, now, 150);
        break;
    case LOSES:
    default:
        break;
    }
}

/* Lets time pass. */
static void
go_on(long long int ms)
{
    for (long long int until = now + ms; now < until;) {
        now += STEP;
        for (size_t i = 0; i < n_queue; i++) {
            answer(&queue[i]);
        }
        n_queue = 0;
        availability_run(av, now, WALL + now - START);
    }
}

/* Lets time pass until there is a text, or none.  Returns how long it took. */
static long long int
wait_for(bool text)
{
    long long int begin = now;

    while (!availability_get_text(av) == text && now < begin + 100000) {
        go_on(STEP);
    }
    return now - begin;
}

/* Asserts that the text is 'expected', in which "@" stands for any time. */
static void
expect(const char *expected)
{
    const char *got = availability_get_text(av);

    CU_ASSERT_EQUAL(got != NULL, expected != NULL);
    if (!got || !expected) {
        if (got || expected) {
            printf("# got: %s\n", got ? got : "nothing");
        }
        return;
    }

    const char *p = got;
    for (const char *e = expected; *e; e++) {
        if (*e == '@' && !strncmp(p, "2026-11-22T11:2", 15)) {
            p += strlen("2026-11-22T11:20:00Z");
        } else if (*e == *p) {
            p++;
        } else {
            CU_FAIL("another text");
            printf("# got: %s\n", got);
            return;
        }
    }
    CU_ASSERT_EQUAL(*p, '\0');
}

static char *
shown(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    availability_format(av, &ds);
    return ds_steal_cstr(&ds);
}

static void
assert_shown(const char *text)
{
    char *s = shown();

    CU_ASSERT_PTR_NOT_NULL(strstr(s, text));
    if (!strstr(s, text)) {
        printf("# no \"%s\" in:\n%s", text, s);
    }
    free(s);
}

#define WEB "VIP 20.50.60.10 (web/frontends/public): "

static void
test_all_is_well(void)
{
    start();
    CU_ASSERT_FALSE(availability_is_known(av));
    go_on(AVAILABILITY_BEGIN_MS - STEP);
    CU_ASSERT_FALSE(availability_is_known(av));
    go_on(120000);
    CU_ASSERT(availability_is_known(av));
    expect(NULL);
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.21")));

    /* Six paths, each a bit more often than once a second. */
    CU_ASSERT(n_sent > 6 * 137 && n_sent < 6 * 142);
    assert_shown("endpoints: 3, hosts: 2, paths: 6, packets/s: 7, late: 0\n");
    assert_shown("host 172.16.0.21: answers\n");
    assert_shown(", last minute 100.00 %, latency us p50 150 p99 150 "
                 "max 150\n");
    end();
}

/* A host that does not answer is named, its VIPs are not. */
static void
test_dead_host(void)
{
    start();
    go_on(10000);
    uint64_t seqno = availability_seqno(av);

    dead[22] = true;
    long long int ms = wait_for(true);
    CU_ASSERT(ms >= AVAILABILITY_SPAN_MS && ms <= 4000);
    CU_ASSERT_NOT_EQUAL(availability_seqno(av), seqno);
    seqno = availability_seqno(av);
    CU_ASSERT(availability_is_dead(av, ip("172.16.0.22")));
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.21")));
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.99")));
    go_on(60000);
    expect("host 172.16.0.22 does not answer since @");
    CU_ASSERT_EQUAL(availability_seqno(av), seqno);
    assert_shown("last minute 50.00 %");

    dead[22] = false;
    ms = wait_for(false);
    CU_ASSERT(ms >= AVAILABILITY_HOLD_MS && ms <= 5000);
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.22")));
    CU_ASSERT_NOT_EQUAL(availability_seqno(av), seqno);
    go_on(60000);
    expect(NULL);
    end();
}

/* If nobody answers, it is the mux. */
static void
test_cut_off(void)
{
    start();
    go_on(10000);
    dead[21] = dead[22] = true;
    go_on(4000);
    expect("no host answers since @");
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.21")));
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.22")));
    dead[21] = false;
    go_on(5000);
    expect("host 172.16.0.22 does not answer since @");
    CU_ASSERT(availability_is_dead(av, ip("172.16.0.22")));
    end();
}

/* A host that never answered is told of, but nobody does without it. */
static void
test_never_answered(void)
{
    start();
    dead[22] = true;
    go_on(10000);
    expect("host 172.16.0.22 does not answer since @");
    CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.22")));
    end();
}

/* A VIP whose host answers for others. */
static void
test_wrong_table(void)
{
    static const struct {
        enum behaviour behaviour;
        const char *text;
    } cases[] = {
        { REFUSES, WEB"TCP 80 refused by 172.16.0.22 since @" },
        { LOSES, WEB"TCP 80 does not get to 172.16.0.22 since @" },
        { OTHER_OWNER, WEB"TCP 80 does not get to 172.16.0.22 since @" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start();
        go_on(10000);
        uint64_t seqno = availability_seqno(av);
        behaviour[10][80][22] = cases[i].behaviour;
        long long int ms = wait_for(true);
        CU_ASSERT(ms >= AVAILABILITY_SPAN_MS && ms <= 4500);
        go_on(60000);
        expect(cases[i].text);
        CU_ASSERT_FALSE(availability_is_dead(av, ip("172.16.0.22")));
        assert_shown("VIP 20.50.60.11: sent");

        behaviour[10][80][22] = SERVES;
        ms = wait_for(false);
        CU_ASSERT(ms >= AVAILABILITY_HOLD_MS && ms <= 5000);
        go_on(60000);
        expect(NULL);

        /* The ring of owners has nothing to do with it. */
        CU_ASSERT_EQUAL(availability_seqno(av), seqno);
        end();
    }
}

/* All of a VIP's endpoints are one VIP; a dead host does not hide what is
 * wrong by another one. */
static void
test_several(void)
{
    start();
    go_on(10000);
    behaviour[10][80][21] = behaviour[10][81][21] = REFUSES;
    behaviour[11][80][21] = REFUSES;
    dead[22] = true;
    go_on(10000);
    expect("host 172.16.0.22 does not answer since @; "
           WEB"TCP 80 refused by 172.16.0.21 since @; "
           "VIP 20.50.60.11: TCP 80 refused by 172.16.0.21 since @");

    /* What the tables have no more is nobody's concern. */
    announced = false;
    set();
    go_on(1000);
    expect(NULL);
    end();
}

/* Names are few, however much is wrong. */
static void
test_bounded(void)
{
    start();
    for (int i = 20; i < 60; i++) {
        char address[32];

        snprintf(address, sizeof address, "20.50.60.%d", i);
        add_vip(0, address);
        add_endpoint(0, address, 17, 53, 17, "Default");
        behaviour[i][53][21] = REFUSES;
    }
    set();
    go_on(30000);
    expect("VIP 20.50.60.20: UDP 53 refused by 172.16.0.21 since @; "
           "VIP 20.50.60.21: UDP 53 refused by 172.16.0.21 since @; "
           "VIP 20.50.60.22: UDP 53 refused by 172.16.0.21 since @; "
           "and 37 other VIPs");
    end();
}

/* Single losses are none. */
static void
test_loss(void)
{
    start();
    go_on(10000);
    for (int i = 0; i < 100; i++) {
        dead[22] = true;
        go_on(1400);
        dead[22] = false;
        go_on(1000);
        expect(NULL);
    }
    end();
}

/* What comes and goes is told of less and less often. */
static void
test_flapping(void)
{
    int n = 0;

    start();
    go_on(10000);
    for (int i = 0; i < 60; i++) {
        bool was = availability_get_text(av) != NULL;

        dead[22] = true;
        go_on(4000);
        n += was != (availability_get_text(av) != NULL);
        dead[22] = false;
        was = availability_get_text(av) != NULL;
        go_on(6000);
        n += was != (availability_get_text(av) != NULL);
    }
    CU_ASSERT(n >= 2 && n <= 8);
    expect("host 172.16.0.22 does not answer since @");
    go_on(AVAILABILITY_MAX_HOLD_MS + 2000);
    expect(NULL);
    end();
}

/* A change of the tables does not make anybody forget what is wrong, and the
 * rest is measured by the new ones. */
static void
test_change(void)
{
    start();
    go_on(10000);
    behaviour[10][80][22] = REFUSES;
    go_on(10000);
    expect(WEB"TCP 80 refused by 172.16.0.22 since @");
    add_pool(17, 5);
    set();
    for (int i = 0; i < 10; i++) {
        go_on(500);
        expect(WEB"TCP 80 refused by 172.16.0.22 since @");
    }
    assert_shown("paths: 6,");

    /* Without members there is nothing to be measured. */
    add_pool(17, 0);
    set();
    go_on(1000);
    expect(NULL);
    assert_shown(WEB"not measured, nobody is there\n");
    assert_shown("VIP 20.50.60.11: not measured, nobody is there\n");
    n_sent = 0;
    go_on(2000);
    CU_ASSERT_EQUAL(n_sent, 0);
    add_pool(17, 2);
    set();
    go_on(2000);
    CU_ASSERT(n_sent >= 12);
    end();
}

/* What is under way when the mux pauses, or comes late, is neither. */
static void
test_pause(void)
{
    struct packet late;

    start();
    go_on(10000);
    dead[22] = true;
    go_on(1500);
    availability_pause(av);
    now += 100000;
    dead[22] = false;
    n_queue = 0;
    go_on(10000);
    expect(NULL);

    dead[21] = dead[22] = true;
    while (!n_queue) {
        go_on(STEP);
    }
    late = queue[0];
    go_on(1000);
    dead[21] = dead[22] = false;
    answer(&late);
    late.seq += 1000000;
    answer(&late);
    assert_shown("late: 2\n");
    end();
}

/* However many there are, not more than so many packets are sent, and each
 * endpoint and host has some. */
static void
test_rate(void)
{
    enum { N = 3000 };
    size_t *count = xcalloc(N, sizeof *count);

    start_empty();
    add_pool(17, 2);
    add_vip(0, "20.50.60.10");
    for (int i = 0; i < N; i++) {
        add_endpoint(0, "20.50.60.10", 6, 1 + i, 17, "Default");
    }
    set();
    for (int i = 0; i < 400; i++) {
        now += STEP;
        availability_run(av, now, WALL);
        CU_ASSERT(n_queue <= 201);
        for (size_t j = 0; j < n_queue; j++) {
            count[queue[j].endpoint.port - 1]++;
            availability_answer(av, queue[j].seq, queue[j].flow.vtep,
                                STEERING_SERVED, queue[j].flow.owner, now, 1);
        }
        n_queue = 0;
    }
    CU_ASSERT(n_sent > 7000 && n_sent <= 4 * AVAILABILITY_RATE);
    for (int i = 0; i < N; i++) {
        CU_ASSERT(count[i] > 0);
    }
    free(count);

    /* What fails is tried again, but not by any number of packets. */
    n_sent = 0;
    for (int i = 0; i < 400; i++) {
        now += STEP;
        availability_run(av, now, WALL);
        n_queue = 0;
    }
    CU_ASSERT(n_sent <= 4 * (AVAILABILITY_RATE + AVAILABILITY_RETRIES) + 50);
    end();
}

/* All members that have a host have a flow, whatever the rule spreads by. */
static void
test_flows(void)
{
    static const char *const distributions[] = {
        "Default", "SourceIP", "SourceIPProtocol"
    };
    static const char *const vips[] = { "20.50.60.10", "2001:db8:20::10" };

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 2; j++) {
            bool seen[41] = { false };

            start_empty();
            add_pool(17, 41);
            add_vip(0, vips[j]);
            add_endpoint(0, vips[j], 17, 53, 17, distributions[i]);
            set();
            for (int k = 0; k < 4000; k++) {
                now += STEP;
                availability_run(av, now, WALL);
                for (size_t l = 0; l < n_queue; l++) {
                    const struct availability_flow *flow = &queue[l].flow;

                    CU_ASSERT(flow->owner >= 1 && flow->owner <= 40);
                    CU_ASSERT_EQUAL(flow->vtep, flow->owner % 2
                                    ? ip("172.16.0.21") : ip("172.16.0.22"));
                    seen[flow->owner] = true;
                    availability_answer(av, queue[l].seq, flow->vtep,
                                        STEERING_SERVED, flow->owner, now, 1);
                }
                n_queue = 0;
            }
            for (int k = 1; k <= 40; k++) {
                CU_ASSERT(seen[k]);
            }
            end();
        }
    }
}

/* What takes all ports is measured by one that no other endpoint has. */
static void
test_all_ports(void)
{
    start_empty();
    add_pool(17, 2);
    add_vip(5, "10.0.1.100");
    add_endpoint(5, "10.0.1.100", 6, 1, 17, "Default");
    add_endpoint(5, "10.0.1.100", 6, 2, 17, "Default");
    add_endpoint(5, "10.0.1.100", 0, 0, 17, "Default");
    set();
    int n[4] = { 0 };
    for (int i = 0; i < 200; i++) {
        now += STEP;
        availability_run(av, now, WALL);
        for (size_t j = 0; j < n_queue; j++) {
            CU_ASSERT_FATAL(queue[j].endpoint.port < 4);
            CU_ASSERT_EQUAL(queue[j].endpoint.protocol, IPPROTO_TCP);
            CU_ASSERT_EQUAL(queue[j].endpoint.network, 5);
            n[queue[j].endpoint.port]++;
            if (queue[j].endpoint.port != 3) {
                availability_answer(av, queue[j].seq, queue[j].flow.vtep,
                                    STEERING_SERVED, queue[j].flow.owner,
                                    now, 1);
            }
        }
        n_queue = 0;
    }
    CU_ASSERT(n[1] > 0 && n[2] > 0 && n[3] > 0);
    go_on(5000);
    behaviour[100][3][21] = REFUSES;
    go_on(5000);
    expect("VIP 10.0.1.100 of network 5: all ports refused by 172.16.0.21 "
           "since @");
    end();
}

/* Makes a packet of 'endpoint' what a host sends back: without Ethernet, IP
 * and UDP header. */
static struct dp_packet *
make_answer(const struct availability_maker *maker,
            const struct availability_endpoint *endpoint,
            enum steering_measure measure)
{
    struct availability_flow flow = {
        .vtep = ip("172.16.0.21"), .owner = 258, .source = 7, .sport = 2000
    };
    struct dp_packet *p = dp_packet_new_with_headroom(256, 64);
    uint8_t vxlan[8] = { 0x08, 0, 0, 0, 0, 0, 17, 0 };

    availability_packet_make(maker, endpoint, &flow, 77, 1234567, p);
    if (endpoint->network) {
        const uint8_t *q = dp_packet_data(p);

        /* To the muxes' common VTEP, by the network's key. */
        CU_ASSERT(!memcmp(q + 26, "\xac\x10\0\x0b\xac\x10\0\x64", 8));
        CU_ASSERT(!memcmp(q + 42, "\x08\0\0\0\0\0\x05\0", 8));
        dp_packet_pull(p, 50);
    }
    steering_put_measure(dp_packet_data(p), measure, flow.owner);
    memcpy(dp_packet_push_uninit(p, sizeof vxlan), vxlan, sizeof vxlan);
    return p;
}

static void
test_packet(void)
{
    static const char *const vips[] = { "20.50.60.10", "2001:db8:20::10" };
    struct availability_maker maker = {
        .secret = { "0123456789abcdef" },
        .vtep = ip("172.16.0.11"), .anycast = ip("172.16.0.100"),
    };
    struct availability_maker other = maker;
    struct availability_answer answer;

    other.secret.octets[15]++;
    for (int i = 0; i < 8; i++) {
        struct availability_endpoint endpoint = {
            .network = i & 4 ? 5 : 0,
            .protocol = i & 2 ? IPPROTO_UDP : IPPROTO_TCP,
            .port = 80,
        };
        ovs_be32 v4;
        if (ip_parse(vips[i & 1], &v4)) {
            in6_addr_set_mapped_ipv4(&endpoint.vip, v4);
        } else {
            CU_ASSERT_FATAL(ipv6_parse(vips[i & 1], &endpoint.vip));
        }

        struct dp_packet *p = make_answer(&maker, &endpoint, STEERING_SERVED);
        uint8_t *q = dp_packet_data(p);
        uint32_t len = dp_packet_size(p);
        CU_ASSERT(availability_packet_parse(&maker, q, len, &answer));
        CU_ASSERT_EQUAL(answer.seq, 77);
        CU_ASSERT_EQUAL(answer.sent_us, 1234567);
        CU_ASSERT_EQUAL(answer.measure, STEERING_SERVED);
        CU_ASSERT_EQUAL(answer.owner, 258);

        /* Of somebody else; truncated; changed. */
        CU_ASSERT_FALSE(availability_packet_parse(&other, q, len, &answer));
        for (uint32_t n = 0; n < len; n++) {
            CU_ASSERT_FALSE(availability_packet_parse(&maker, q, n, &answer));
        }
        for (uint32_t n = len - 40; n < len; n++) {
            q[n] ^= 0x10;
            CU_ASSERT_EQUAL(
                availability_packet_parse(&maker, q, len, &answer),
                false);
            q[n] ^= 0x10;
        }
        dp_packet_delete(p);

        p = make_answer(&maker, &endpoint, STEERING_REFUSED);
        CU_ASSERT(availability_packet_parse(&maker, dp_packet_data(p),
                                            dp_packet_size(p), &answer));
        CU_ASSERT_EQUAL(answer.measure, STEERING_REFUSED);
        dp_packet_delete(p);

        /* The packet itself is no answer. */
        p = make_answer(&maker, &endpoint, STEERING_MEASURES);
        CU_ASSERT_FALSE(availability_packet_parse(&maker, dp_packet_data(p),
                                                  dp_packet_size(p),
                                                  &answer));
        dp_packet_delete(p);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_all_is_well),
    UNIT_TEST(test_dead_host),
    UNIT_TEST(test_cut_off),
    UNIT_TEST(test_never_answered),
    UNIT_TEST(test_wrong_table),
    UNIT_TEST(test_several),
    UNIT_TEST(test_bounded),
    UNIT_TEST(test_loss),
    UNIT_TEST(test_flapping),
    UNIT_TEST(test_change),
    UNIT_TEST(test_pause),
    UNIT_TEST(test_rate),
    UNIT_TEST(test_flows),
    UNIT_TEST(test_all_ports),
    UNIT_TEST(test_packet),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return unit_main("availability", tests, argc, argv);
}
