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
#include <config.h>

#include "controller/agent/meter.h"

#include <errno.h>

#include "bitmap.h"
#include "byte-order.h"
#include "ofproto-rules/flow-table.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#define METER_FLAGS (OFPMF13_PKTPS | OFPMF13_BURST)

static size_t
range_size(const struct meter_range *range)
{
    return range->last - range->first + 1;
}

void
meters_init(struct meters *meters)
{
    meters->n = 0;
}

void
meters_destroy(struct meters *meters)
{
    for (size_t i = 0; i < meters->n; i++) {
        bitmap_free(meters->ranges[i].wanted);
        bitmap_free(meters->ranges[i].there);
    }
    meters->n = 0;
}

/* Has each meter from 'first' to 'last' let 'rate' packets a second through,
 * and as many at once after a pause: 'always', or if a flow names it. */
void
meters_limit(struct meters *meters, uint32_t first, uint32_t last,
             unsigned int rate, bool always)
{
    ovs_assert(meters->n < MAX_METER_RANGES && first <= last);

    struct meter_range *range = &meters->ranges[meters->n++];
    *range = (struct meter_range) {
        .first = first,
        .last = last,
        .rate = rate,
        .always = always,
    };
    range->wanted = bitmap_allocate(range_size(range));
    range->there = bitmap_allocate(range_size(range));
    bitmap_set_multiple(range->wanted, 0, range_size(range), always);
}

/* Finds the range of 'meter', whose bit is '*bit' then. */
static const struct meter_range *
find_range(const struct meters *meters, uint32_t meter, size_t *bit)
{
    for (size_t i = 0; i < meters->n; i++) {
        const struct meter_range *range = &meters->ranges[i];

        if (meter >= range->first && meter <= range->last) {
            *bit = meter - range->first;
            return range;
        }
    }
    return NULL;
}

/* Takes the meters that 'flows' name as those that are wanted. */
void
meters_want(struct meters *meters, const struct flow_table *flows)
{
    const struct flow_entry *flow;
    size_t bit;

    for (size_t i = 0; i < meters->n; i++) {
        struct meter_range *range = &meters->ranges[i];

        bitmap_set_multiple(range->wanted, 0, range_size(range),
                            range->always);
    }
    HMAP_FOR_EACH (flow, hmap_node, &flows->flows) {
        uint32_t meter = ofpacts_get_meter(flow->actions, flow->actions_len);
        const struct meter_range *range = find_range(meters, meter, &bit);

        if (range) {
            bitmap_set1(range->wanted, bit);
        }
    }
}

/* It is not known any more which meters there are. */
void
meters_forget(struct meters *meters)
{
    for (size_t i = 0; i < meters->n; i++) {
        const struct meter_range *range = &meters->ranges[i];

        bitmap_set_multiple(range->there, 0, range_size(range), false);
    }
}

/* Appends to 'msgs' what does 'command' to a meter. */
static void
put_mod(const struct meter_range *range, size_t bit, uint16_t command,
        struct ovs_list *msgs)
{
    struct ofputil_meter_band band = {
        .type = OFPMBT13_DROP,
        .rate = range->rate,
        .burst_size = range->rate,
    };
    struct ofputil_meter_mod mod = {
        .command = command,
        .meter = {
            .meter_id = range->first + bit,
            .flags = METER_FLAGS,
            .n_bands = 1,
            .bands = &band,
        },
    };
    struct ofpbuf *msg = ofputil_encode_meter_mod(OFP15_VERSION, &mod);

    ovs_list_push_back(msgs, &msg->list_node);
}

static bool
is_as_wanted(const struct meter_range *range,
             const struct ofputil_meter_config *config)
{
    return (config->flags == METER_FLAGS && config->n_bands == 1
            && config->bands[0].type == OFPMBT13_DROP
            && config->bands[0].rate == range->rate
            && config->bands[0].burst_size == range->rate);
}

/* Learns which meters there are from 'reply', to a request for the
 * configuration of all, and appends to 'msgs' what mends those that another
 * agent has left otherwise.  Others than ours are left alone.  Returns 0 or an
 * errno value. */
int
meters_read(struct meters *meters, const struct ofp_header *reply,
            struct ovs_list *msgs)
{
    struct ofpbuf msg = ofpbuf_const_initializer(reply, ntohs(reply->length));
    struct ofpbuf bands;
    int error;

    ofpbuf_init(&bands, 64);
    for (;;) {
        struct ofputil_meter_config config;
        size_t bit;

        error = ofputil_decode_meter_config(&msg, &config, &bands);
        if (error) {
            break;
        }
        const struct meter_range *range = find_range(meters, config.meter_id,
                                                     &bit);
        if (range) {
            bitmap_set1(range->there, bit);
            if (!is_as_wanted(range, &config)) {
                put_mod(range, bit, OFPMC13_MODIFY, msgs);
            }
        }
    }
    ofpbuf_uninit(&bands);
    return error == EOF ? 0 : error;
}

/* Do 'actions' hand over packets by one of our meters, which is not there? */
bool
meters_lack(const struct meters *meters, const struct ofpact *actions,
            size_t len)
{
    const struct ofpact *a;
    size_t bit;

    OFPACT_FOR_EACH (a, actions, len) {
        if (a->type == OFPACT_CONTROLLER) {
            const struct meter_range *range
                = find_range(meters, ofpact_get_CONTROLLER(a)->meter_id, &bit);

            if (range && !bitmap_is_set(range->there, bit)) {
                return true;
            }
        }
    }
    return false;
}

/* Appends to 'msgs' what adds the meters that are wanted and not there. */
void
meters_add(struct meters *meters, struct ovs_list *msgs)
{
    for (size_t i = 0; i < meters->n; i++) {
        const struct meter_range *range = &meters->ranges[i];
        size_t bit;

        BITMAP_FOR_EACH_1 (bit, range_size(range), range->wanted) {
            if (!bitmap_is_set(range->there, bit)) {
                put_mod(range, bit, OFPMC13_ADD, msgs);
                bitmap_set1(range->there, bit);
            }
        }
    }
}

/* Appends to 'msgs' what deletes the meters that are there and not wanted.
 * The switch deletes the flows that name one with it. */
void
meters_delete(struct meters *meters, struct ovs_list *msgs)
{
    for (size_t i = 0; i < meters->n; i++) {
        const struct meter_range *range = &meters->ranges[i];
        size_t bit;

        BITMAP_FOR_EACH_1 (bit, range_size(range), range->there) {
            if (!bitmap_is_set(range->wanted, bit)) {
                put_mod(range, bit, OFPMC13_DELETE, msgs);
                bitmap_set0(range->there, bit);
            }
        }
    }
}
