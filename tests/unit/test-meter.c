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

#include "controller/agent/meter.h"

#include "ofproto-rules/flow-table.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "tests/unit/unit.h"
#include "util.h"

/* The meters 1 and 2 are there always, 100 to 299 if a flow names them. */
static void
init(struct meters *meters)
{
    meters_init(meters);
    meters_limit(meters, 1, 1, 1000, true);
    meters_limit(meters, 2, 2, 500, true);
    meters_limit(meters, 100, 299, 250, false);
}

/* Frees 'msgs' and returns them as text: "+1" for a meter that is added, "~1"
 * for one that is changed, "-1" for one that is deleted. */
static const char *
describe(struct ovs_list *msgs)
{
    static struct ds s = DS_EMPTY_INITIALIZER;
    struct ofpbuf *msg;

    ds_clear(&s);
    LIST_FOR_EACH_POP (msg, list_node, msgs) {
        struct ofputil_meter_mod mod;
        struct ofpbuf bands;

        ofpmsg_update_length(msg);
        ofpbuf_init(&bands, 64);
        CU_ASSERT_EQUAL_FATAL(ofputil_decode_meter_mod(msg->data, &mod,
                                                       &bands), 0);
        ds_put_format(&s, "%s%c%"PRIu32, s.length ? " " : "",
                      mod.command == OFPMC13_ADD ? '+'
                      : mod.command == OFPMC13_DELETE ? '-' : '~',
                      mod.meter.meter_id);
        if (mod.command != OFPMC13_DELETE) {
            CU_ASSERT_EQUAL(mod.meter.flags,
                            OFPMF13_PKTPS | OFPMF13_BURST);
            CU_ASSERT_EQUAL_FATAL(mod.meter.n_bands, 1);
            ds_put_format(&s, "/%"PRIu32, mod.meter.bands[0].rate);
        }
        ofpbuf_uninit(&bands);
        ofpbuf_delete(msg);
    }
    return ds_cstr(&s);
}

static const char *
add(struct meters *meters)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);

    meters_add(meters, &msgs);
    return describe(&msgs);
}

static const char *
delete(struct meters *meters)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);

    meters_delete(meters, &msgs);
    return describe(&msgs);
}

/* The switch says that it has 'meter' with 'rate'. */
static const char *
read_one(struct meters *meters, uint32_t meter, uint32_t rate)
{
    struct ovs_list msgs = OVS_LIST_INITIALIZER(&msgs);
    struct ovs_list replies;
    struct ofputil_meter_band band = {
        .type = OFPMBT13_DROP,
        .rate = rate,
        .burst_size = rate,
    };
    struct ofputil_meter_config config = {
        .meter_id = meter,
        .flags = OFPMF13_PKTPS | OFPMF13_BURST,
        .n_bands = 1,
        .bands = &band,
    };
    struct ofpbuf *request = ofputil_encode_meter_request(
        OFP15_VERSION, OFPUTIL_METER_CONFIG, OFPM13_ALL);
    struct ofpbuf *reply;

    ofpmp_init(&replies, request->data);
    ofputil_append_meter_config(&replies, &config);
    LIST_FOR_EACH_POP (reply, list_node, &replies) {
        ofpmsg_update_length(reply);
        CU_ASSERT_EQUAL(meters_read(meters, reply->data, &msgs), 0);
        ofpbuf_delete(reply);
    }
    ofpbuf_delete(request);
    return describe(&msgs);
}

/* Wants what flows name: the meters from 'first' to 'last'. */
static void
want(struct meters *meters, int first, int last)
{
    struct flow_table flows = FLOW_TABLE_INITIALIZER(&flows);

    flow_table_add(&flows, 0, 1, 0, "actions=output:1");
    for (int i = first; i <= last; i++) {
        flow_table_add(&flows, 0, 2, 0, "in_port=%d "
                       "actions=meter:%d,output:1", i, i);
    }
    CU_ASSERT_EQUAL(flows.n_mistakes, 0);
    meters_want(meters, &flows);
    flow_table_destroy(&flows);
}

/* Meters are added once, and deleted when no flow names them. */
static void
test_want(void)
{
    struct meters meters;

    init(&meters);
    CU_ASSERT_STRING_EQUAL(add(&meters), "+1/1000 +2/500");
    CU_ASSERT_STRING_EQUAL(add(&meters), "");
    want(&meters, 99, 101);
    CU_ASSERT_STRING_EQUAL(delete(&meters), "");
    CU_ASSERT_STRING_EQUAL(add(&meters), "+100/250 +101/250");
    want(&meters, 101, 102);
    CU_ASSERT_STRING_EQUAL(add(&meters), "+102/250");
    CU_ASSERT_STRING_EQUAL(delete(&meters), "-100");
    CU_ASSERT_STRING_EQUAL(delete(&meters), "");
    want(&meters, 299, 300);
    CU_ASSERT_STRING_EQUAL(add(&meters), "+299/250");
    CU_ASSERT_STRING_EQUAL(delete(&meters), "-101 -102");

    /* A new connection, or a refusal. */
    meters_forget(&meters);
    CU_ASSERT_STRING_EQUAL(delete(&meters), "");
    CU_ASSERT_STRING_EQUAL(add(&meters), "+1/1000 +2/500 +299/250");
    meters_destroy(&meters);
}

/* What an earlier agent has left is taken over, mended or deleted; what is
 * somebody else's stays. */
static void
test_read(void)
{
    struct meters meters;

    init(&meters);
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 1, 1000), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 2, 1000), "~2/500");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 3, 1), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 99, 1), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 100, 250), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 110, 250), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, 300, 250), "");
    CU_ASSERT_STRING_EQUAL(read_one(&meters, OFPM13_CONTROLLER, 7), "");
    want(&meters, 100, 101);
    CU_ASSERT_STRING_EQUAL(add(&meters), "+101/250");
    CU_ASSERT_STRING_EQUAL(delete(&meters), "-110");
    meters_destroy(&meters);
}

static bool
lack(const struct meters *meters, const char *actions)
{
    struct flow_table flows = FLOW_TABLE_INITIALIZER(&flows);
    const struct flow_entry *flow;
    bool answer = false;

    flow_table_add(&flows, 0, 1, 0, "actions=%s", actions);
    CU_ASSERT_EQUAL_FATAL(hmap_count(&flows.flows), 1);
    HMAP_FOR_EACH (flow, hmap_node, &flows.flows) {
        answer = meters_lack(meters, flow->actions, flow->actions_len);
    }
    flow_table_destroy(&flows);
    return answer;
}

/* Flows that somebody else has put back before their meters. */
static void
test_lack(void)
{
    struct meters meters;

    init(&meters);
    read_one(&meters, 2, 500);
    CU_ASSERT_TRUE(lack(&meters, "controller(meter_id=1)"));
    CU_ASSERT_TRUE(lack(&meters, "set_field:1->reg1,controller(meter_id=1)"));
    CU_ASSERT_FALSE(lack(&meters, "controller(meter_id=2)"));
    CU_ASSERT_FALSE(lack(&meters, "controller(meter_id=3)"));
    CU_ASSERT_FALSE(lack(&meters, "controller()"));
    CU_ASSERT_FALSE(lack(&meters, "output:1"));
    CU_ASSERT_FALSE(lack(&meters, "drop"));
    ignore(add(&meters));
    CU_ASSERT_FALSE(lack(&meters, "controller(meter_id=1)"));
    meters_destroy(&meters);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_want),
    UNIT_TEST(test_read),
    UNIT_TEST(test_lack),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("meter", tests, argc, argv);
}
